"""What a driver says when the store itself cannot be used, as a sentence with the next step.

Nothing of the address is told: it may hold a password.
"""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from gis.errors import HuodianError

_SQLITE = {
    sqlite3.SQLITE_CANTOPEN: (
        "store_unreachable",
        "无法打开存储文件：请检查 --db 中的目录是否存在、是否有权限",
        "the store's file cannot be opened: check that the folder in --db exists and may be used",
    ),
    sqlite3.SQLITE_NOTADB: (
        "store_damaged",
        "该文件不是本程序的存储：请核对 --db",
        "the file is no store of this program: check --db",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "store_damaged",
        "存储文件已损坏：请用备份恢复后再继续",
        "the store's file is damaged: restore it from a backup",
    ),
    sqlite3.SQLITE_READONLY: (
        "store_read_only",
        "存储文件或其目录不可写：请检查权限",
        "the store's file or its folder cannot be written: check its permissions",
    ),
    sqlite3.SQLITE_FULL: (
        "store_full",
        "磁盘已满，未写入：请腾出空间后重试",
        "the disk is full and nothing was written: make room and try again",
    ),
    sqlite3.SQLITE_IOERR: (
        "store_unreachable",
        "读写存储文件时磁盘出错：请检查磁盘后重试",
        "the disk failed while the store was read or written: check it and try again",
    ),
}
_POSTGRESQL = {
    "28": (
        "store_unreachable",
        "PostgreSQL 拒绝登录：请检查 --db 中的用户名和密码",
        "PostgreSQL refuses the login: check user and password in --db",
    ),
    "3D": (
        "store_unreachable",
        "PostgreSQL 中没有该数据库：请先建库并安装 PostGIS 扩展，再运行 huodian init",
        "PostgreSQL has no such database: create it with the PostGIS extension, then run `huodian init`",
    ),
    "53": (
        "store_full",
        "PostgreSQL 的磁盘、内存或连接数已用尽：请处理后重试",
        "PostgreSQL has run out of disk, memory or connections: see to it and try again",
    ),
}
_NO_SERVER = (
    "store_unreachable",
    "无法连接 PostgreSQL：请检查 --db 中的地址与端口，以及服务是否运行",
    "PostgreSQL cannot be reached: check host and port in --db, and that it runs",
)


def trouble_of(error: BaseException) -> HuodianError | None:
    """Return what a driver's error means for whoever runs the program, None where it is a fault of the program.

    Returns
    -------
    HuodianError or None
        ``store_unreachable``, ``store_damaged``, ``store_read_only`` or ``store_full``.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        told = _SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
    else:
        state = getattr(cause, "sqlstate", None)
        lost = isinstance(error, sa.exc.OperationalError) and (state or "08").startswith(("08", "57P"))
        told = _NO_SERVER if lost else _POSTGRESQL.get((state or "")[:2])
    return None if told is None else HuodianError(*told)
