"""Checksums of the wire formats."""

from __future__ import annotations

from functools import reduce
from operator import xor


def sum8(data: bytes) -> int:
    """Sum of all bytes modulo 256."""
    return sum(data) & 0xFF


def xor8(data: bytes) -> int:
    """All bytes exclusive-ored; 0 for none."""
    return reduce(xor, data, 0)


def crc16_arc(data: bytes) -> int:
    """CRC-16/ARC: polynomial 0x8005 reflected (0xA001), start 0, no final xor. b"123456789" gives 0xBB3D."""
    return _reflected(data, 0)


def crc16_modbus(data: bytes) -> int:
    """CRC-16/Modbus: as ARC, start 0xFFFF. b"123456789" gives 0x4B37."""
    return _reflected(data, 0xFFFF)


def crc16_ccitt(data: bytes) -> int:
    """CRC-16/CCITT with start 0 (XMODEM): polynomial 0x1021, no final xor. b"123456789" gives 0x31C3."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def _reflected(data: bytes, crc: int) -> int:
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _row(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_TABLE = tuple(_row(byte) for byte in range(256))
