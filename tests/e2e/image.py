"""Test disk images: whole disks that boot with BIOS and UEFI and tell on the serial console what
they are.

    GPT
    1  EFI system partition (FAT)   syslinux for BIOS, GRUB for UEFI, kernel, initramfs
    2  ext4, label `testroot`       busybox, and a marker that differs from image to image

Once booted, an image prints lines that start with "TESTDISK" (see INIT): its marker, the firmware
that started it, and every file of the config drive. Everything is made from Debian packages as an
ordinary user could: no mounts, no loop devices.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

ESP_MIB, ROOT_MIB = 48, 16
ROOT_OFFSET = (1 + ESP_MIB) << 20
ESP_OFFSET = 1 << 20
KERNEL_ARGUMENTS = "console=ttyS0 panic=5 quiet"
MODULES = ("virtio_pci", "virtio_blk", "ext4", "isofs", "vfat", "nls_cp437", "nls_iso8859_1",
           "nls_ascii", "nls_utf8")
BUSYBOX = "/bin/busybox"

INITRAMFS_INIT = """\
#!/bin/sh
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
while read -r module; do insmod "/modules/$module"; done < /modules/order
for turn in 1 2 3 4 5 6 7 8 9 10; do root=$(findfs LABEL=testroot) && break; sleep 0.5; done
mount -t ext4 "$root" /mnt
for dir in dev proc sys; do mount --move /$dir /mnt/$dir; done
exec switch_root /mnt /sbin/init
"""

INIT = """\
#!/bin/sh
export PATH=/bin:/sbin
say() { echo "TESTDISK $*"; }
say "marker $(cat /etc/marker)"
if [ -d /sys/firmware/efi ]; then say firmware uefi; else say firmware bios; fi
drive=$(findfs LABEL=config-2)
if [ -n "$drive" ] && mount -o ro "$drive" /mnt; then
  say "config drive $drive"
  for path in $(cd /mnt/openstack/latest && find . -type f | sort); do
    say "begin ${path#./}"; cat "/mnt/openstack/latest/$path"; echo; say end
  done
else
  say no config drive
fi
say ready
while :; do sleep 3600; done
"""

GRUB_CONFIG = """\
search --no-floppy --set=root --file /vmlinuz
linux /vmlinuz {arguments}
initrd /initrd
boot
"""

SYSLINUX_CONFIG = """\
SERIAL 0 115200
DEFAULT linux
PROMPT 0
LABEL linux
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND {arguments}
"""

PARTITIONS = """\
label: gpt
start=1MiB, size={esp}MiB, type=U, name=ESP, attrs="LegacyBIOSBootable"
start={root}MiB, size={root_size}MiB, type=L, name=testroot
"""


def run(*command, **options):
    """Runs a tool quietly; what it says is shown only when it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stdout}")
    return done.stdout


def sha256(path):
    """The SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Kernel:
    """Debian's cloud kernel, unpacked under `cache` by `fetch`.

    The cloud kernel starts twice as fast under emulation as the generic one. Without it the generic
    kernel of the running system serves as well.
    """

    def __init__(self, cache):
        root = pathlib.Path(cache) / "kernel"
        if not (root / "lib/modules").is_dir():
            root = pathlib.Path("/")
        self.root = root
        versions = sorted(path.name for path in (root / "lib/modules").iterdir()
                          if (root / "boot" / f"vmlinuz-{path.name}").exists())
        if not versions:
            raise RuntimeError("no kernel: apt-get cannot download one and none is in /boot")
        self.version = versions[-1]
        self.image = root / "boot" / f"vmlinuz-{self.version}"

    @staticmethod
    def fetch(cache):
        """Downloads the kernel if it is not there. Needs the network, which scenarios have not."""
        root = pathlib.Path(cache) / "kernel"
        if not (root / "lib/modules").is_dir():
            try:
                Kernel._fetch(root)
            except RuntimeError as error:
                print(f"no cloud kernel, /boot's will do: {error}")

    @staticmethod
    def _fetch(root):
        depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
        package = re.search(r"Depends: (linux-image-\S+)", depends)
        if not package:
            raise RuntimeError("apt knows no cloud kernel")
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent) as work:
            os.chmod(work, 0o755)
            run("apt-get", "-o", "APT::Sandbox::User=root", "download", package[1], cwd=work)
            run("dpkg-deb", "-x", next(pathlib.Path(work).glob("*.deb")), f"{work}/tree")
            tree = pathlib.Path(work) / "tree"
            run("depmod", "-b", tree, next((tree / "lib/modules").iterdir()).name)
            if root.exists():
                return  # another run was faster
            tree.rename(root)

    def modules(self, names):
        """The files of the modules `names` and of what they need, in the order to load them."""
        files = []
        for name in names:
            answer = run("modprobe", "-S", self.version, "-d", self.root, "-D", name)
            for line in answer.splitlines():
                words = line.split()
                if words[0] == "insmod" and words[1] not in files:
                    files.append(words[1])
        return files


def busybox_tree(root, init_path, init):
    """A directory with busybox, its applets, empty mount points and `init` at `init_path`."""
    for name in ("bin", "sbin", "dev", "proc", "sys", "etc", "mnt", "tmp", "run"):
        (root / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    for applet in run(BUSYBOX, "--list").split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    target = root / init_path
    target.write_text(init)
    target.chmod(0o755)


def build_initramfs(work, kernel, output):
    tree = work / "initramfs"
    busybox_tree(tree, "init", INITRAMFS_INIT)
    (tree / "modules").mkdir()
    order = []
    for path in kernel.modules(MODULES):
        shutil.copy(path, tree / "modules")
        order.append(pathlib.Path(path).name + "\n")
    (tree / "modules/order").write_text("".join(order))
    with open(output, "wb") as archive:
        names = subprocess.Popen(["find", ".", "-print0"], cwd=tree, stdout=subprocess.PIPE)
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=tree,
                       stdin=names.stdout, stdout=archive, check=True)
        names.wait()


def build_esp(work, kernel, output):
    """The EFI system partition, which is the same in every image of one kernel."""
    build_initramfs(work, kernel, work / "initrd")
    (work / "grub.cfg").write_text(GRUB_CONFIG.format(arguments=KERNEL_ARGUMENTS))
    (work / "syslinux.cfg").write_text(SYSLINUX_CONFIG.format(arguments=KERNEL_ARGUMENTS))
    run("grub-mkimage", "-O", "x86_64-efi", "-o", work / "BOOTX64.EFI", "-c", work / "grub.cfg",
        "-p", "/EFI/BOOT", "normal", "search", "search_fs_file", "part_gpt", "fat", "linux", "boot")
    with open(output, "wb") as esp:
        esp.truncate(ESP_MIB << 20)
    run("mkfs.vfat", "-n", "ESP", output)
    run("mmd", "-i", output, "::/EFI", "::/EFI/BOOT")
    for source, target in ((kernel.image, "vmlinuz"), (work / "initrd", "initrd"),
                           (work / "syslinux.cfg", "syslinux.cfg"),
                           (work / "BOOTX64.EFI", "EFI/BOOT/BOOTX64.EFI")):
        run("mcopy", "-i", output, source, f"::/{target}")
    run("syslinux", "-i", output)


def build_root(work, marker, output):
    tree = work / "root"
    busybox_tree(tree, "sbin/init", INIT)
    (tree / "etc/marker").write_text(marker + "\n")
    run("mkfs.ext4", "-q", "-F", "-L", "testroot", "-O", "^has_journal,^metadata_csum,^64bit",
        "-E", "root_owner=0:0", "-d", tree, output, f"{ROOT_MIB}M")


def copy_into(image, part, offset):
    run("dd", f"if={part}", f"of={image}", "bs=1M", f"seek={offset >> 20}", "conv=notrunc,sparse")


class Image:
    """One test disk image, made at construction in about two seconds.

    raw, qcow2   paths of the two forms of the same disk
    marker       what its serial console will say
    """

    def __init__(self, directory, cache, marker):
        self.marker = marker
        self.raw = pathlib.Path(directory) / f"{marker}.raw"
        self.qcow2 = pathlib.Path(directory) / f"{marker}.qcow2"
        self.raw.parent.mkdir(parents=True, exist_ok=True)
        kernel = Kernel(cache)
        with tempfile.TemporaryDirectory() as work_name:
            work = pathlib.Path(work_name)
            build_esp(work, kernel, work / "esp")
            build_root(work, marker, work / "ext4")
            self._assemble(work)
        run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", self.raw, self.qcow2)

    def _assemble(self, work):
        with open(self.raw, "wb") as disk:
            disk.truncate((ESP_MIB + ROOT_MIB + 2) << 20)
        run("sfdisk", "-q", self.raw,
            input=PARTITIONS.format(esp=ESP_MIB, root=1 + ESP_MIB, root_size=ROOT_MIB))
        boot_code = pathlib.Path("/usr/lib/syslinux/mbr/gptmbr.bin").read_bytes()
        with open(self.raw, "r+b") as disk:
            disk.write(boot_code[:440])
        copy_into(self.raw, work / "esp", ESP_OFFSET)
        copy_into(self.raw, work / "ext4", ROOT_OFFSET)


class Report:
    """What a booted image said on the serial console, read from `text`."""

    def __init__(self, text):
        self.marker = self._last(r"^TESTDISK marker (\S+)$", text)
        self.firmware = self._last(r"^TESTDISK firmware (\S+)$", text)
        self.config_drive = self._last(r"^TESTDISK config drive (\S+)$", text)
        self.files = {name: content.strip() for name, content in re.findall(
            r"^TESTDISK begin (\S+)$\n(.*?)^TESTDISK end$", text, re.M | re.S)}
        self.ready = "TESTDISK ready" in text

    @staticmethod
    def _last(pattern, text):
        found = re.findall(pattern, text, re.M)
        return found[-1] if found else None
