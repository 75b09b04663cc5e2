"""A PostgreSQL of a test's own."""

import glob
import os
import subprocess

from sql_server import SqlServer, as_user


def programs():
    """The directory of the newest installed version; Debian does not have it in PATH."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4]))) if found else None


class Postgres(SqlServer):
    user = "postgres"

    @staticmethod
    def installed():
        return programs() is not None

    @property
    def url(self):
        return f"postgresql://{self.user_of}:secret@127.0.0.1:{self.port}/{self.database}"

    def make(self):
        self.run(*as_user(self.user), f"{programs()}/initdb", "-D", self.data, "-U", self.user_of, "--auth=trust",
                 "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def command(self):
        return [f"{programs()}/postgres", "-D", self.data, "-p", self.port, "-c", "listen_addresses=127.0.0.1",
                "-c", f"unix_socket_directories={self.data}", "-c", "shared_buffers=64MB"]

    def answers(self):
        return subprocess.run([f"{programs()}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0

    def start_with_database(self):
        self.start()
        self.sql(f"CREATE DATABASE {self.database}", database="postgres")
        return self

    def sql(self, text, database=None):
        """What psql prints: rows without heads, columns between bars."""
        return self.run(f"{programs()}/psql", "-h", "127.0.0.1", "-p", self.port, "-U", self.user_of, "-d",
                        database or self.database, "-At", "-c", text).strip()
