/* Preloaded into a process, this notes each attempt to reach the network or to look up a name, by
   whatever library, as a line in the file $NETWORK_PROBE: "connect 127.0.0.1", "resolve localhost".
   Sockets within the machine (AF_UNIX) are of no interest. Each call then goes on as it was. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static void note(const char *what, const char *where) {
    int before = errno;
    int file = open(getenv("NETWORK_PROBE"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dprintf(file, "%s %s\n", what, where);
    close(file);
    errno = before;
}

static void note_address(const char *what, const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN];
    if (address == NULL) return; /* the socket was connected before */
    if (address->sa_family == AF_INET)
        note(what, inet_ntop(AF_INET, &((struct sockaddr_in *)address)->sin_addr, text, sizeof text));
    if (address->sa_family == AF_INET6)
        note(what, inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text));
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    note_address("connect", address);
    return NEXT(connect)(fd, address, size);
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *address,
               socklen_t size) {
    note_address("sendto", address);
    return NEXT(sendto)(fd, data, length, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    note_address("sendmsg", message->msg_name);
    return NEXT(sendmsg)(fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) {
    for (unsigned int i = 0; i < count; i++) note_address("sendmmsg", messages[i].msg_hdr.msg_name);
    return NEXT(sendmmsg)(fd, messages, count, flags);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    if (name != NULL) note("resolve", name);
    return NEXT(getaddrinfo)(name, service, hints, found);
}

struct hostent *gethostbyname(const char *name) {
    note("resolve", name);
    return NEXT(gethostbyname)(name);
}

struct hostent *gethostbyname2(const char *name, int family) {
    note("resolve", name);
    return NEXT(gethostbyname2)(name, family);
}

int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                    struct hostent **found, int *error) {
    note("resolve", name);
    return NEXT(gethostbyname_r)(name, entry, buffer, size, found, error);
}
