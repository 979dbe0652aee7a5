/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/io/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/ip.h"

static int
close_keep_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

static int
tcp_socket(const struct ip *a)
{
	return socket(a->family == IP_V6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int
sock_listen(const struct ip *at, int backlog)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_to_sockaddr(at, &ss);
	int fd = tcp_socket(at), on = 1;

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->family == IP_V6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, backlog) == -1)
		return close_keep_errno(fd);
	return fd;
}

int
sock_accept(int listen_fd, struct ip *peer_out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(listen_fd, (struct sockaddr *)&ss, &len,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1)
		return -1;
	if (ip_from_sockaddr((struct sockaddr *)&ss, peer_out) != 0) {
		errno = ECONNABORTED;
		return close_keep_errno(fd);
	}
	sock_nodelay(fd);
	return fd;
}

int
sock_connect(const struct ip *to, const struct ip *source,
    bool *bind_failed_out)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = tcp_socket(to), on = 1;

	*bind_failed_out = false;
	if (fd == -1)
		return -1;
	if (source->family != IP_NONE) {
		/* The port is chosen at connect: more connections fit. */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof(on));
		len = ip_to_sockaddr(source, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == -1) {
			*bind_failed_out = true;
			return close_keep_errno(fd);
		}
	}
	sock_nodelay(fd);
	len = ip_to_sockaddr(to, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		return close_keep_errno(fd);
	return fd;
}

int
sock_connect_unix(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1 &&
	    errno != EINPROGRESS)
		return close_keep_errno(fd);
	return fd;
}

int
sock_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		return errno;
	return err;
}

int
sock_local(int fd, struct ip *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return -1;
	return ip_from_sockaddr((struct sockaddr *)&ss, out);
}

int
sock_peer(int fd, struct ip *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1)
		return -1;
	return ip_from_sockaddr((struct sockaddr *)&ss, out);
}

int
sock_pair(int fds_out[2])
{
	return socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_out);
}

void
sock_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
