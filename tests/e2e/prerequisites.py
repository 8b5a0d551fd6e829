"""What the end-to-end tests need of the machine they run on."""
import os
import pathlib
import shutil

from client import BAREMETAL
from isolation import unavailable

TOOLS = {  # program: Debian package
    "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "ipmi_sim": "openipmi",
    "ipmitool": "ipmitool", "ip": "iproute2", "unshare": "util-linux", "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools", "mkfs.ext4": "e2fsprogs", "mcopy": "mtools", "syslinux": "syslinux",
    "grub-mkimage": "grub-common", "cpio": "cpio", "modprobe": "kmod",
    BAREMETAL: "python3-ironicclient", "genisoimage": "genisoimage"}
FILES = {
    "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf", "/bin/busybox": "busybox-static",
    "/usr/lib/syslinux/mbr/gptmbr.bin": "syslinux-common", "/dev/net/tun": None,
    "/usr/lib/grub/x86_64-efi/linux.mod": "grub-efi-amd64-bin",
    "/usr/lib/ipxe/qemu/pxe-virtio.rom": "ipxe-qemu"}


def missing():
    """Says what is missing, or None when the tests can run."""
    if os.geteuid() != 0:
        return "not root: network namespaces and taps need it"
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            return f"no {tool} (package {package})"
    for path, package in FILES.items():
        if not pathlib.Path(path).exists():
            return f"no {path}" + (f" (package {package})" if package else "")
    return unavailable()
