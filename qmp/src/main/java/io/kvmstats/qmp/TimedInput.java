package io.kvmstats.qmp;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * A socket's bytes, as many as are allowed and until a time: however slowly they drip, and however
 * many there are.
 */
final class TimedInput extends InputStream {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private long untilNanos;
  private long bytesLeft;

  /**
   * Reads from a channel.
   *
   * @param channel not blocking; stays the caller's
   * @param selector closed by the caller, which ends a wait
   */
  TimedInput(SocketChannel channel, Selector selector) throws IOException {
    this.channel = channel;
    this.selector = selector;
    this.key = channel.register(selector, 0);
  }

  /** Sets the limits of what is read from now on. */
  void allow(long until, long bytes) {
    untilNanos = until;
    bytesLeft = bytes;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n < 0 ? n : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (bytesLeft <= 0) {
      throw new IOException("says more than it was asked for: it is not listened to any longer");
    }
    int wanted = Math.toIntExact(Math.min(length, bytesLeft));
    ByteBuffer buffer = ByteBuffer.wrap(into, offset, wanted);
    int n = channel.read(buffer);
    while (n == 0) {
      await(SelectionKey.OP_READ);
      n = channel.read(buffer);
    }
    if (n < 0) {
      throw new EOFException("closed the connection");
    }
    if (System.nanoTime() - untilNanos > 0) {
      throw new SocketTimeoutException("gives no whole answer in time");
    }
    bytesLeft -= n;
    return n;
  }

  /** Writes all of it, in the time that is allowed. */
  void write(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  /** Waits until the channel is ready for something. */
  void await(int operation) throws IOException {
    try {
      key.interestOps(operation);
      long left = untilNanos - System.nanoTime();
      // To the next millisecond: 0 would be for ever.
      if (left > 0 && selector.select(TimeUnit.NANOSECONDS.toMillis(left) + 1) > 0) {
        selector.selectedKeys().clear();
        return;
      }
    } catch (ClosedSelectorException | CancelledKeyException e) {
      ClosedChannelException closed = new ClosedChannelException();
      closed.initCause(e);
      throw closed;
    }
    if (!selector.isOpen()) {
      throw new ClosedChannelException();
    }
    throw new SocketTimeoutException("gives no answer in time");
  }
}
