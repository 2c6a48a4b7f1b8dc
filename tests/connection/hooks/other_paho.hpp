// SPDX-License-Identifier: MIT
#pragma once

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#include <cstddef>

/// The calls of libc that the hooks serve, made by a library that they take for Paho.
namespace other_paho {

int look_up(const char* host, const char* port, addrinfo** found);
int open_socket(int family = AF_INET);
int connect_socket(int fd, const sockaddr* address, socklen_t size);
int close_socket(int fd);
ssize_t receive(int fd, void* bytes, std::size_t size, int flags);
ssize_t write(int fd, const void* bytes, std::size_t size);
int wait_for(pollfd* sockets, nfds_t number, int milliseconds);
int sleep_for(useconds_t microseconds);
int wait_on(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* limit);

}  // namespace other_paho
