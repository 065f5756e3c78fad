package io.kvmstats.broker;

import io.kvmstats.acquire.Handed;
import io.kvmstats.linux.Fd;
import io.kvmstats.linux.LinuxException;
import io.kvmstats.linux.PacketSocket;
import io.kvmstats.linux.Poll;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers those who connect. One thread calls all of it but {@link #changed}.
 *
 * <p>Each turn takes one packet of each client at most: who sends much waits for all others.
 */
final class Server implements AutoCloseable {
  private static final int CLIENTS_MAX = 256;

  /** So that no user keeps the others out. */
  private static final int CLIENTS_PER_USER_MAX = 64;

  /** A VM has 4,096 vCPUs at most (x86, Linux 6.12), and these are two. */
  private static final int HANDED_PER_USER_MAX = 8194;

  private static final int ROOT = 0;

  /** Without descriptors a client can't be accepted, and would be reported again at once. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private static final long MILLI_NANOS = 1_000_000L;

  private final PacketSocket listener;
  private final Handed handed;
  private final int handedMax;
  private final Closing closing = new Closing();
  private final List<Client> clients = new ArrayList<>();
  private Fd table;
  private boolean turnsAway;
  private final AtomicLong generation = new AtomicLong();
  private long told;
  private long acceptFrom;

  /**
   * Makes a server.
   *
   * @param listener closed with this
   * @param table what clients get
   * @param handed where what they hand in goes
   * @param handedMax how much they may in all: what else needs descriptors must not lack them
   */
  Server(PacketSocket listener, Fd table, Handed handed, int handedMax, long now) {
    this.listener = listener;
    this.table = table;
    this.handed = handed;
    this.handedMax = handedMax;
    this.acceptFrom = now;
  }

  /**
   * Has clients told that the directory is another. From any thread.
   *
   * @param newest its generation
   */
  void changed(long newest) {
    generation.set(newest);
  }

  /** {@return the shortest interval that a client wants, in ns; 0 when none does} */
  long wish() {
    return clients.stream().mapToLong(Client::wish).filter(wish -> wish > 0).min().orElse(0);
  }

  /**
   * Answers what comes, for one turn.
   *
   * @param now in ns
   * @param nanos how long to wait at most for something to come
   * @throws IOException when no more can be served
   */
  void serve(long now, long nanos) throws IOException {
    Poll poll = new Poll();
    boolean accepting = now - acceptFrom >= 0;
    int door = accepting ? poll.add(listener, Poll.IN) : -1;
    List<Client> turn = List.copyOf(clients);
    int first = accepting ? 1 : 0;
    for (Client client : turn) {
      poll.add(client.socket(), client.isOwed() ? Poll.IN | Poll.OUT : Poll.IN);
    }
    poll.await(Math.clamp(Math.ceilDiv(nanos, MILLI_NANOS), 0, Integer.MAX_VALUE));
    long then = System.nanoTime();
    for (int i = 0; i < turn.size(); i++) {
      serve(turn.get(i), poll.isReady(first + i), then);
    }
    if (accepting && poll.isReady(door)) {
      accept(then);
    }
    tell();
  }

  private void serve(Client client, boolean isReady, long now) {
    try {
      Optional<String> leaves = client.leaves(now);
      if (leaves.isPresent()) {
        throw new IOException(leaves.get());
      }
      if (isReady && !client.receive(now)) {
        clients.remove(client);
        client.close();
      }
    } catch (IOException e) {
      sendAway(client, e);
    }
  }

  private void tell() {
    long newest = generation.get();
    boolean news = newest != told;
    told = newest;
    for (Client client : List.copyOf(clients)) {
      try {
        if (news) {
          client.owe();
        }
        client.pay(newest);
      } catch (LinuxException e) {
        sendAway(client, e);
      }
    }
  }

  /**
   * Has clients get another table from now on: those that are connected keep theirs.
   *
   * @param other not closed with this
   */
  void serveOther(Fd other) {
    table = other;
    turnsAway = true;
    try {
      turnAway();
    } catch (LinuxException e) {
      // Without descriptors. Nobody is accepted before they are gone.
    }
  }

  /** Whoever waits to be accepted may have lost the right to connect since. */
  private void turnAway() throws LinuxException {
    for (int i = 0; i < CLIENTS_MAX; i++) {
      Optional<PacketSocket> waiting = listener.accept();
      if (waiting.isEmpty()) {
        break;
      }
      closing.close(waiting.get()::close);
    }
    turnsAway = false;
  }

  /** Ends all connections. */
  void cutOff() {
    clients.forEach(Client::close);
    clients.clear();
  }

  private void accept(long now) {
    try {
      if (turnsAway) {
        turnAway();
      }
      Optional<PacketSocket> socket = listener.accept();
      if (socket.isPresent()) {
        welcome(socket.get(), now);
      }
    } catch (LinuxException e) {
      acceptFrom = now + PAUSE_NANOS;
    }
  }

  private void welcome(PacketSocket socket, long now) {
    Client client;
    try {
      client = new Client(socket, table, handed, this::checkRoom, closing, now);
    } catch (LinuxException e) {
      socket.close();
      return;
    }
    long others = clients.stream().filter(other -> other.uid() == client.uid()).count();
    if (clients.size() >= CLIENTS_MAX) {
      client.refuse(CLIENTS_MAX + " clients are connected: no more are served");
    } else if (others >= CLIENTS_PER_USER_MAX && client.uid() != ROOT) {
      client.refuse("this user has " + others + " connections: no more are served");
    } else {
      clients.add(client);
    }
  }

  private void checkRoom(int uid, int more) throws IOException {
    int all = clients.stream().mapToInt(Client::handed).sum();
    int users = clients.stream().filter(c -> c.uid() == uid).mapToInt(Client::handed).sum();
    if (all + more > handedMax) {
      throw new IOException("more than " + handedMax + " descriptors are handed in");
    }
    if (users + more > HANDED_PER_USER_MAX && uid != ROOT) {
      throw new IOException("more than " + HANDED_PER_USER_MAX + " descriptors of one user");
    }
  }

  private void sendAway(Client client, IOException why) {
    clients.remove(client);
    client.refuse(String.valueOf(why.getMessage()));
  }

  @Override
  public void close() {
    cutOff();
    listener.close();
  }
}
