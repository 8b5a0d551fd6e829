"""Looks at a machine's disk from outside: what is still on it that another system would find."""

SECTOR = 512

# What a firmware, a boot loader or a kernel looks for: (what, offset in the region, bytes).
SIGNATURES = (
    ("MBR signature", 510, b"\x55\xaa"),
    ("FAT label", 0x36, b"FAT"),
    ("FAT32 label", 0x52, b"FAT32"),
    ("ext2/3/4 magic", 1024 + 56, b"\x53\xef"),
    ("XFS magic", 0, b"XFSB"),
    ("ISO 9660 descriptor", 32769, b"CD001"),
    ("LVM label", SECTOR, b"LABELONE"),
    ("swap signature", 4096 - 10, b"SWAPSPACE2"),
    ("btrfs magic", 65536 + 64, b"_BHRfS_M"),
)
GPT = b"EFI PART"


def remains(path, offsets=()):
    """What signatures are on the disk in file `path`: a list of lines, empty when it is erased.

    offsets   bytes at which partitions began before; file systems are looked for there too
    """
    found = []
    with open(path, "rb") as disk:
        disk.seek(0, 2)
        size = disk.tell()

        def at(offset, length):
            disk.seek(offset)
            return disk.read(length)

        for name, offset in (("primary", SECTOR), ("backup", size - SECTOR)):
            if at(offset, len(GPT)) == GPT:
                found.append(f"{name} GPT header")
        for base in (0, *offsets):
            for name, offset, magic in SIGNATURES:
                if at(base + offset, len(magic)) == magic:
                    found.append(f"{name} at byte {base + offset}")
    return found
