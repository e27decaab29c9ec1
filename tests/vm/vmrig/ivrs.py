# SPDX-License-Identifier: GPL-2.0-or-later
"""An IVRS table that says more than QEMU's own.

A kernel takes the table from its initramfs instead of the firmware's (CONFIG_ACPI_TABLE_UPGRADE)
if it looks newer. So the real driver can be told of features that the emulated IOMMU has not,
and of memory that a device must always reach. AMD I/O Virtualization Technology Specification,
48882, section 5.2.
"""

import struct

PATH = "kernel/firmware/acpi/ivrs.aml"  # where the kernel looks, in an uncompressed cpio
HEADER = struct.Struct("<4sIBB6s8sI4sI")  # of any ACPI table
IVINFO = 36
BLOCKS = 48
EFR_SUPPORTED = 1  # IVinfo: the IVHD blocks' copies of the feature registers count
IVHD_10H = struct.Struct("<BBHHHQHHI")  # ..., feature reporting
IVHD_11H = struct.Struct("<BBHHHQHHIQQ")  # ..., attributes, EFR, EFR2
IVMD = struct.Struct("<BBHHHQQQ")
IVMD_DEVICE = 0x21
IVMD_UNITY_READ_WRITE = 7

# What is added to QEMU's EFR.
EFR_V2 = (1 << 48  # GIOSup: guest translation without a PASID
          | 1 << 14  # GLXSup: GCR3 tables of two levels
          | 15 << 32)  # PASmax
# Unity-mapped: 00:05.0, 64 KB above the guest's memory.
UNITY = (0x0028, 0x20100000, 0x10000)


def blocks(table):
    at = BLOCKS
    while at < len(table):
        length = struct.unpack_from("<H", table, at + 2)[0]
        yield table[at:at + length]
        at += length


def with_registers(block, efr):
    """A block of type 10h as one of type 11h, which has the feature registers in it."""
    fields = list(IVHD_10H.unpack_from(block))
    entries = block[IVHD_10H.size:]
    fields[0], fields[2], fields[-1] = 0x11, IVHD_11H.size + len(entries), 0
    return IVHD_11H.pack(*fields, efr, 0) + entries


def upgraded(table, efr):
    """QEMU's table, with IVHD blocks of type 11h, a unity region, and a higher OEM revision."""
    added = b"".join(with_registers(block, efr) for block in blocks(table) if block[0] == 0x10)
    device, start, size = UNITY
    added += IVMD.pack(IVMD_DEVICE, IVMD_UNITY_READ_WRITE, IVMD.size, device, 0, 0, start, size)
    fields = list(HEADER.unpack_from(table))
    fields[1], fields[2], fields[3] = len(table) + len(added), 2, 0
    fields[6] += 1
    body = bytearray(HEADER.pack(*fields) + table[HEADER.size:] + added)
    body[IVINFO] |= EFR_SUPPORTED
    body[9] = -sum(body) & 0xFF
    return bytes(body)
