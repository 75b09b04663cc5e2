"""A MariaDB of a test's own."""

import os
import shutil
import subprocess

from sql_server import SqlServer


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class MariaDb(SqlServer):
    user = "mysql"

    @staticmethod
    def installed():
        return program("mariadbd") is not None

    @property
    def url(self):
        return f"mysql://{self.user_of}:secret@127.0.0.1:{self.port}/{self.database}"

    @property
    def _user(self):
        return [f"--user={self.user}"] if os.geteuid() == 0 else []

    def make(self):
        self.run("mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
                 "--auth-root-authentication-method=normal", *self._user)

    def command(self):
        return [program("mariadbd"), "--no-defaults", f"--datadir={self.data}", f"--socket={self.data}/socket",
                f"--pid-file={self.data}/pid", f"--port={self.port}", "--bind-address=127.0.0.1",
                "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M", "--skip-name-resolve"]

    def answers(self):
        return subprocess.run([program("mariadb"), "--no-defaults", f"--socket={self.data}/socket", "-u", "root", "-e",
                               "SELECT 1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def start_with_database(self):
        self.start()
        self.sql(f"CREATE DATABASE {self.database}; CREATE USER {self.user_of} IDENTIFIED BY 'secret'; "
                 f"GRANT ALL ON {self.database}.* TO {self.user_of}", database="mysql")
        return self

    def sql(self, text, database=None):
        """What the client prints: rows without heads, columns between tabs."""
        return self.run(program("mariadb"), "--no-defaults", f"--socket={self.data}/socket", "-u", "root", "-N", "-e",
                        text, database or self.database).strip()
