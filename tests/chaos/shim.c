/* Between a process and the kernel, for tests only (LD_PRELOAD): moves its wall clock, and fails its disk calls.
 *
 * libfaketime moves what clock_gettime says, but not the receive times that the kernel writes beside what arrives
 * (SO_TIMESTAMPNS), by which Dibs orders: a machine on which the two disagree does not exist. Here both move.
 *
 * CHAOS_CONTROL names a file that is mapped, in the byte order of the machine:
 *     0   int64    nanoseconds that the wall clock is ahead
 *     8   int32    what disk calls fail with: EIO, ENOSPC, or 0
 *     12  int32    which: 1 writing, 2 syncing, 4 reserving
 *     16  int32    how many have failed
 *     20  int32    how many more may pass before the first one fails
 *     24  int32    milliseconds that each sync takes longer, before it is done
 * CHAOS_UNDO names a file that is appended to: what every write is about to overwrite, and what a sync has made durable. Whoever
 * kills the process can so take back what was never synced, as a power cut does (shim.py):
 *     uint64 kind (1 a write, 2 a sync) · uint64 inode · uint64 offset (of a sync: the length of this file when it began)
 *     · uint64 size of the file before · uint64 how many bytes are written · uint64 n · n bytes that were there
 * Only files below CHAOS_DIRECTORY are meant. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITING = 1, SYNCING = 2, RESERVING = 4 };

struct control {
  volatile int64_t ahead_ns;
  volatile int32_t error;
  volatile int32_t which;
  volatile int32_t failed;
  volatile int32_t passes;
  volatile int32_t slower_ms;
};

static struct control nothing;
static struct control *control = &nothing;
static char directory[4096];
static size_t directory_length;
static int undo = -1;
static uint64_t undo_length;
static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CHAOS_CONTROL");
  const char *below = getenv("CHAOS_DIRECTORY");
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  if (below != NULL && strlen(below) < sizeof directory) {
    strcpy(directory, below);
    directory_length = strlen(below);
  }
  const char *undone = getenv("CHAOS_UNDO");
  if (undone != NULL) undo = open(undone, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  control = mapped;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is_meant(int fd) {
  if (directory_length == 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int saved = errno;
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  return length >= (ssize_t)directory_length && memcmp(path, directory, directory_length) == 0;
}

/* 0, or the error with which this call on this file fails. */
static int failing(int fd, int kind) {
  if (control->error == 0 || (control->which & kind) == 0 || !is_meant(fd)) return 0;
  if (__atomic_sub_fetch(&control->passes, 1, __ATOMIC_SEQ_CST) >= 0) return 0;
  __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
  return control->error;
}

static int fails(int fd, int kind) {
  int error = failing(fd, kind);
  if (error != 0) errno = error;
  return error != 0;
}

enum { WRITE = 1, SYNC = 2 };

static void note(uint64_t kind, uint64_t inode, uint64_t offset, uint64_t size, uint64_t written, const void *bytes,
                 uint64_t count) {
  uint64_t head[] = {kind, inode, offset, size, written, count};
  struct iovec parts[] = {{head, sizeof head}, {(void *)bytes, count}};
  pthread_mutex_lock(&undo_lock);
  if (syscall(SYS_writev, undo, parts, 2) != (ssize_t)(sizeof head + count)) abort();
  __atomic_store_n(&undo_length, undo_length + sizeof head + count, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&undo_lock);
}

/* Before a write; offset -1: where the file's own position is. */
static void note_write(int fd, off_t offset, size_t size) {
  if (undo < 0 || fd == undo || !is_meant(fd)) return;
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
  char *old = malloc(size + 1);
  if (old == NULL) abort();
  /* A file that was opened for writing only is read through its own door. */
  char door[64];
  snprintf(door, sizeof door, "/proc/self/fd/%d", fd);
  int reading = open(door, O_RDONLY | O_CLOEXEC);
  ssize_t was = reading < 0 ? 0 : syscall(SYS_pread64, reading, old, size, offset);
  if (reading >= 0) close(reading);
  note(WRITE, status.st_ino, offset, status.st_size, size, old, was < 0 ? 0 : was);
  free(old);
}

static int synced(int fd, int (*sync)(int)) {
  struct stat status;
  int noted = undo >= 0 && is_meant(fd) && fstat(fd, &status) == 0;
  uint64_t upto = __atomic_load_n(&undo_length, __ATOMIC_SEQ_CST);
  if (control->slower_ms > 0 && is_meant(fd)) usleep(1000 * control->slower_ms);
  int result = sync(fd);
  if (noted && result == 0) note(SYNC, status.st_ino, upto, 0, 0, NULL, 0);
  return result;
}

ssize_t write(int fd, const void *data, size_t size) {
  REAL(write);
  if (fails(fd, WRITING)) return -1;
  note_write(fd, -1, size);
  return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  REAL(pwrite);
  if (fails(fd, WRITING)) return -1;
  note_write(fd, offset, size);
  return real(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
  REAL(pwrite64);
  if (fails(fd, WRITING)) return -1;
  note_write(fd, offset, size);
  return real(fd, data, size, offset);
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return fails(fd, SYNCING) ? -1 : synced(fd, real);
}
int fsync(int fd) {
  REAL(fsync);
  return fails(fd, SYNCING) ? -1 : synced(fd, real);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
  REAL(posix_fallocate);
  int error = failing(fd, RESERVING);
  return error != 0 ? error : real(fd, offset, length);
}
int posix_fallocate64(int fd, off_t offset, off_t length) {
  REAL(posix_fallocate64);
  int error = failing(fd, RESERVING);
  return error != 0 ? error : real(fd, offset, length);
}

static void move(struct timespec *at, int64_t by) {
  int64_t ns = at->tv_nsec + by % 1000000000;
  at->tv_sec += by / 1000000000;
  if (ns < 0) ns += 1000000000, at->tv_sec--;
  if (ns >= 1000000000) ns -= 1000000000, at->tv_sec++;
  at->tv_nsec = ns;
}

int clock_gettime(clockid_t id, struct timespec *at) {
  REAL(clock_gettime);
  int result = real(id, at);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) move(at, control->ahead_ns);
  return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags) {
  REAL(recvmsg);
  ssize_t result = real(socket, message, flags);
  if (result < 0) return result;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec stamp;
    memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    move(&stamp, control->ahead_ns);
    memcpy(CMSG_DATA(part), &stamp, sizeof stamp);
  }
  return result;
}

/* Deadlines on the wall clock lie where the process sees it; those on the monotonic clock are small. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
  static __typeof__(pthread_cond_timedwait) *real;
  if (real == NULL) real = (__typeof__(pthread_cond_timedwait) *)dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  struct timespec at = *until;
  if (at.tv_sec > 1000000000) move(&at, -control->ahead_ns);
  return real(condition, mutex, &at);
}
