"""A PostgreSQL server of one's own: its programs, the user it runs as, a new cluster.

All of its settings that make data durable stay on: what is tested is what production runs. An immediate stop
is not a cut of the power, as the system keeps the pages that were written; that one cannot be played here.
"""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.chaos.place import DATABASE_USER, Place

# Two web servers of two processes with sixteen threads each hold a connection for each thread.
MAX_CONNECTIONS = 200


def programs() -> Path | None:
    """The folder with PostgreSQL's programs (from PATH, `pg_config`, or where Debian puts them); None without one."""
    folders = []
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    if config := shutil.which("pg_config"):
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        folders.append(Path(told.stdout.strip()))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if {"initdb", "postgres"} <= {p.name for p in folder.glob("*")}), None)


def stand_in() -> str | None:
    """The user as whom root runs PostgreSQL, which refuses root; None where root is not who asks."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        if shutil.which("setpriv"):
            return name
    sys.exit("PostgreSQL refuses to run as root, and there is no setpriv here to run it as another user.")


def as_stand_in(command: list[str]) -> list[str]:
    """The command as that user. A leash is lost when the user changes: setpriv puts another one on."""
    name = stand_in()
    if name is None:
        return command
    user = pwd.getpwnam(name)
    identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=QUIT"]
    return [str(shutil.which("setpriv")), *identity, "--", *command]


def new_cluster(place: Place) -> list[str]:
    """Make a cluster in the place, and return the command that serves it; SystemExit where that cannot be."""
    folder = programs()
    if folder is None:
        sys.exit("PostgreSQL is not installed here: no folder with initdb and postgres was found.")
    data = place.folder / "postgres"
    data.mkdir(mode=0o700)
    if name := stand_in():
        shutil.chown(data, name)
    options = ["--auth=trust", f"--username={DATABASE_USER}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = as_stand_in([str(folder / "initdb"), "--pgdata", str(data), *options])
    made = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if made.returncode:
        sys.exit(f"PostgreSQL's cluster cannot be made: {made.stderr}")
    serve = [str(folder / "postgres"), "-D", str(data), "-p", str(place.database_port)]
    for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", f"max_connections={MAX_CONNECTIONS}"):
        serve += ["-c", setting]
    return as_stand_in(serve)


def answers(place: Place, database: str = DATABASE_USER) -> bool:
    """Whether the server lets a client in."""
    try:
        with psycopg.connect(_address(place, database), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def make_database(place: Place) -> None:
    """Make the portal's database on a server that answers."""
    with psycopg.connect(_address(place, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE_USER}")


def _address(place: Place, database: str) -> str:
    return f"postgres://{DATABASE_USER}@127.0.0.1:{place.database_port}/{database}"
