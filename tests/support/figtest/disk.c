// Preloaded, it makes what lies below $DISK_UNDER a disk that says no: each variable holds the errno of the answer.
// DISK_FLOCK, DISK_FSYNC (of files and folders), DISK_MMAP, DISK_FALLOCATE: what a file system lacks.
// DISK_WRITE, DISK_READ: what a failing one answers to the bytes themselves.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int answer(const char *name, int handle) {
    const char *number = getenv(name), *under = getenv("DISK_UNDER");
    char link[64], path[4096];
    if (!number || !under || handle < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, under, strlen(under)) ? 0 : atoi(number);
}

#define NEXT(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define REFUSED(variable, handle, value) { int no = answer(variable, handle); if (no) { errno = no; return value; } }

int flock(int handle, int how) { REFUSED("DISK_FLOCK", handle, -1) return NEXT(flock)(handle, how); }
int fsync(int handle) { REFUSED("DISK_FSYNC", handle, -1) return NEXT(fsync)(handle); }
void *mmap(void *at, size_t size, int may, int how, int handle, off_t from) {
    REFUSED("DISK_MMAP", handle, MAP_FAILED) return NEXT(mmap)(at, size, may, how, handle, from);
}
void *mmap64(void *at, size_t size, int may, int how, int handle, off_t from) {
    return mmap(at, size, may, how, handle, from);
}
int posix_fallocate(int handle, off_t from, off_t size) {
    int no = answer("DISK_FALLOCATE", handle);
    return no ? no : NEXT(posix_fallocate)(handle, from, size);
}
int posix_fallocate64(int handle, off_t from, off_t size) { return posix_fallocate(handle, from, size); }
ssize_t write(int handle, const void *bytes, size_t size) {
    REFUSED("DISK_WRITE", handle, -1) return NEXT(write)(handle, bytes, size);
}
ssize_t pwrite(int handle, const void *bytes, size_t size, off_t from) {
    REFUSED("DISK_WRITE", handle, -1) return NEXT(pwrite)(handle, bytes, size, from);
}
ssize_t read(int handle, void *bytes, size_t size) {
    REFUSED("DISK_READ", handle, -1) return NEXT(read)(handle, bytes, size);
}
