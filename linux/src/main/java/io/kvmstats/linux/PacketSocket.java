package io.kvmstats.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A Unix socket that carries packets and descriptors (unix(7), SOCK_SEQPACKET): a packet comes
 * whole or not at all, in order, to whoever is at the other end.
 *
 * <p>Nothing here waits: what is not possible now is said to be so, and {@link Poll} waits for it.
 * Used by one thread at a time.
 */
public final class PacketSocket implements AutoCloseable {
  /** Descriptors that one packet can carry ({@code SCM_MAX_FD}, include/net/scm.h, Linux 6.12). */
  public static final int FDS_MAX = 253;

  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = Fd.O_CLOEXEC;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERPIDFD = 77;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_TRUNC = 0x20;

  /** More than wait to be accepted are refused until some are. */
  private static final int BACKLOG = 64;

  /** struct sockaddr_un: u16 family, then the path with a NUL. */
  private static final int SOCKADDR_BYTES = 110;

  private static final int SOCKADDR_PATH = 2;

  /** struct msghdr, struct iovec, struct cmsghdr of a 64-bit system. */
  private static final int MSGHDR_BYTES = 56;

  private static final int MSGHDR_IOV = 16;
  private static final int MSGHDR_IOVLEN = 24;
  private static final int MSGHDR_CONTROL = 32;
  private static final int MSGHDR_CONTROLLEN = 40;
  private static final int MSGHDR_FLAGS = 48;
  private static final int IOVEC_BYTES = 16;
  private static final int CMSGHDR_BYTES = 16;
  private static final int CMSGHDR_LEVEL = 8;
  private static final int CMSGHDR_TYPE = 12;

  private static final MethodHandle SOCKET = Libc.bind("socket");
  private static final MethodHandle BIND = Libc.bind("bind");
  private static final MethodHandle LISTEN = Libc.bind("listen");
  private static final MethodHandle ACCEPT4 = Libc.bind("accept4");
  private static final MethodHandle CONNECT = Libc.bind("connect");
  private static final MethodHandle SENDMSG = Libc.bind("sendmsg");
  private static final MethodHandle RECVMSG = Libc.bind("recvmsg");
  private static final MethodHandle GETSOCKOPT = Libc.bind("getsockopt");

  private final Fd fd;

  private PacketSocket(Fd fd) {
    this.fd = fd;
  }

  /**
   * Who is at the other end, as of when it connected.
   *
   * @param pid in our pid namespace, 0 when it is in another
   * @param uid its effective user
   */
  public record Peer(int pid, int uid) {}

  /**
   * What came.
   *
   * @param bytes in the host's order
   * @param fds the receiver's, close-on-exec; closed with the packet, but for those taken out
   * @param complete whether all that was sent has come: not when it is longer than the receiver
   *     allows, or carries more descriptors than it may have
   */
  public record Packet(ByteBuffer bytes, List<Fd> fds, boolean complete) implements AutoCloseable {
    @Override
    public void close() {
      fds.forEach(Fd::close);
    }
  }

  /**
   * Makes a socket's file, and waits there for others to connect.
   *
   * @param path where none is
   * @param permissions who may connect: those who may write to it
   * @throws IOException EADDRINUSE when there is a file, EACCES, ENOENT when there is no such
   *     folder
   */
  public static PacketSocket listen(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    PacketSocket socket = new PacketSocket(socket("socket " + path));
    try (Arena arena = Arena.ofConfined()) {
      long address = address(path, arena).address();
      socket.check(Libc.integer(BIND, socket.number(), address, SOCKADDR_BYTES, 0), "bind");
      // Before it listens nobody can connect.
      Files.setPosixFilePermissions(path, permissions);
      socket.check(Libc.integer(LISTEN, socket.number(), BACKLOG, 0, 0), "listen");
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Connects.
   *
   * @param path of a socket's file
   * @throws IOException ENOENT, EACCES, ECONNREFUSED when nobody listens any more, EAGAIN when too
   *     many wait, EPROTOTYPE when it is a socket of another kind
   */
  public static PacketSocket connect(Path path) throws IOException {
    PacketSocket socket = new PacketSocket(socket("socket " + path));
    try (Arena arena = Arena.ofConfined()) {
      long address = address(path, arena).address();
      long result = Libc.integer(CONNECT, socket.number(), address, SOCKADDR_BYTES, 0);
      // By the path alone: who tries again and again is to find the same said.
      LinuxException.check(result, "connect", "socket " + path);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static Fd socket(String subject) throws LinuxException {
    int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
    long number = Libc.integer(SOCKET, AF_UNIX, type, 0, 0);
    return new Fd(LinuxException.check(number, "socket", subject), subject);
  }

  private static MemorySegment address(Path path, Arena arena) throws IOException {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    MemorySegment address = arena.allocate(SOCKADDR_BYTES);
    if (bytes.length >= SOCKADDR_BYTES - SOCKADDR_PATH) {
      throw new IOException(path + " is too long for a socket: 107 bytes at most");
    }
    address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, SOCKADDR_PATH, bytes.length);
    return address;
  }

  /**
   * {@return the next one that connected, if one waits}
   *
   * @throws LinuxException EMFILE, ENFILE, ENOMEM: it waits on
   */
  public Optional<PacketSocket> accept() throws LinuxException {
    long number = Libc.integer(ACCEPT4, number(), 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number == -Errno.EAGAIN || number == -Errno.EINTR || number == -Errno.ECONNABORTED) {
      return Optional.empty();
    }
    return Optional.of(new PacketSocket(new Fd(check(number, "accept4"), "connection")));
  }

  /**
   * Sends a packet.
   *
   * @param packet of at least a byte
   * @param fds to go with it, and to stay ours
   * @return whether it is on its way: not when too much waits there to be received
   * @throws LinuxException EPIPE, ECONNRESET when the other end is closed; EMSGSIZE
   */
  public boolean send(byte[] packet, Fd... fds) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = header(arena, arena.allocateFrom(ValueLayout.JAVA_BYTE, packet));
      if (fds.length > 0) {
        MemorySegment control = control(arena, fds.length);
        control.set(ValueLayout.JAVA_LONG, 0, CMSGHDR_BYTES + (long) Integer.BYTES * fds.length);
        control.set(ValueLayout.JAVA_INT, CMSGHDR_LEVEL, SOL_SOCKET);
        control.set(ValueLayout.JAVA_INT, CMSGHDR_TYPE, SCM_RIGHTS);
        for (int i = 0; i < fds.length; i++) {
          long at = CMSGHDR_BYTES + (long) Integer.BYTES * i;
          control.set(ValueLayout.JAVA_INT, at, fds[i].number());
        }
        setControl(header, control);
      }
      long sent = Libc.call(SENDMSG, number(), header.address(), MSG_NOSIGNAL, 0, 0, 0);
      if (sent == -Errno.EAGAIN || sent == -Errno.EINTR) {
        return false;
      }
      check(sent, "sendmsg");
      return true;
    }
  }

  /**
   * {@return the next packet, if one is there; one of no bytes when the other end is closed, or
   * sent one}
   *
   * @param bytesMax of one; what is longer comes cut, and said to be so
   * @throws LinuxException ECONNRESET when the other end closed without receiving all
   */
  public Optional<Packet> receive(int bytesMax) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(bytesMax);
      MemorySegment header = header(arena, bytes);
      MemorySegment control = control(arena, FDS_MAX);
      setControl(header, control);
      long received = Libc.call(RECVMSG, number(), header.address(), MSG_CMSG_CLOEXEC, 0, 0, 0);
      if (received == -Errno.EAGAIN || received == -Errno.EINTR) {
        return Optional.empty();
      }
      check(received, "recvmsg");
      int flags = header.get(ValueLayout.JAVA_INT, MSGHDR_FLAGS);
      List<Fd> fds = fds(control.asSlice(0, header.get(ValueLayout.JAVA_LONG, MSGHDR_CONTROLLEN)));
      byte[] copy = bytes.asSlice(0, received).toArray(ValueLayout.JAVA_BYTE);
      return Optional.of(
          new Packet(
              ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder()),
              fds,
              (flags & (MSG_TRUNC | MSG_CTRUNC)) == 0));
    }
  }

  private static MemorySegment header(Arena arena, MemorySegment bytes) {
    MemorySegment iovec = arena.allocate(IOVEC_BYTES, Long.BYTES);
    iovec.set(ValueLayout.JAVA_LONG, 0, bytes.address());
    iovec.set(ValueLayout.JAVA_LONG, Long.BYTES, bytes.byteSize());
    MemorySegment header = arena.allocate(MSGHDR_BYTES, Long.BYTES);
    header.set(ValueLayout.JAVA_LONG, MSGHDR_IOV, iovec.address());
    header.set(ValueLayout.JAVA_LONG, MSGHDR_IOVLEN, 1);
    return header;
  }

  private static MemorySegment control(Arena arena, int fds) {
    long bytes = CMSGHDR_BYTES + Math.ceilDiv((long) Integer.BYTES * fds, Long.BYTES) * Long.BYTES;
    return arena.allocate(bytes, Long.BYTES);
  }

  private static void setControl(MemorySegment header, MemorySegment control) {
    header.set(ValueLayout.JAVA_LONG, MSGHDR_CONTROL, control.address());
    header.set(ValueLayout.JAVA_LONG, MSGHDR_CONTROLLEN, control.byteSize());
  }

  /** The kernel writes one message of descriptors at most: nothing else was asked for. */
  private static List<Fd> fds(MemorySegment control) {
    List<Fd> fds = new ArrayList<>();
    if (control.byteSize() >= CMSGHDR_BYTES
        && control.get(ValueLayout.JAVA_INT, CMSGHDR_LEVEL) == SOL_SOCKET
        && control.get(ValueLayout.JAVA_INT, CMSGHDR_TYPE) == SCM_RIGHTS) {
      long end = Math.min(control.get(ValueLayout.JAVA_LONG, 0), control.byteSize());
      for (long at = CMSGHDR_BYTES; at + Integer.BYTES <= end; at += Integer.BYTES) {
        fds.add(new Fd(control.get(ValueLayout.JAVA_INT, at), "handed descriptor"));
      }
    }
    return fds;
  }

  /** SO_PEERCRED, which powerpc has its own number of. */
  static int peerCredentials() {
    return System.getProperty("os.arch").startsWith("ppc") ? 21 : 17;
  }

  /** {@return who is at the other end} */
  public Peer peer() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ucred = arena.allocate(3L * Integer.BYTES, Integer.BYTES);
      check(option(peerCredentials(), ucred, arena), "getsockopt SO_PEERCRED");
      return new Peer(
          ucred.get(ValueLayout.JAVA_INT, 0), ucred.get(ValueLayout.JAVA_INT, Integer.BYTES));
    }
  }

  /**
   * {@return the process that connected, even if its pid has become another's since}
   *
   * <p>Before Linux 6.5 that can't be told, and it is whichever process has the pid now.
   *
   * @throws LinuxException ESRCH when it has ended, EMFILE
   */
  public Pidfd peerProcess() throws LinuxException {
    int pid = peer().pid();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pidfd = arena.allocate(Integer.BYTES, Integer.BYTES);
      long result = option(SO_PEERPIDFD, pidfd, arena);
      return result == -Errno.ENOPROTOOPT
          ? Pidfd.open(pid)
          : Pidfd.of(pid, check(result, "getsockopt SO_PEERPIDFD", pidfd));
    }
  }

  private long option(int name, MemorySegment value, Arena arena) {
    MemorySegment length = arena.allocate(Integer.BYTES, Integer.BYTES);
    length.set(ValueLayout.JAVA_INT, 0, (int) value.byteSize());
    return Libc.call(GETSOCKOPT, number(), SOL_SOCKET, name, value.address(), length.address(), 0);
  }

  private int check(long result, String call, MemorySegment value) throws LinuxException {
    check(result, call);
    return value.get(ValueLayout.JAVA_INT, 0);
  }

  private long check(long result, String call) throws LinuxException {
    return LinuxException.check(result, call, fd.toString());
  }

  /** {@return the descriptor's number, for {@link Poll}} */
  int number() {
    return fd.number();
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return fd.toString();
  }
}
