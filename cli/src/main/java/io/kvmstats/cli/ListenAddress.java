package io.kvmstats.cli;

import java.net.InetSocketAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Turns {@code HOST:PORT} into an address to listen at: {@code 127.0.0.1:9766}, {@code [::1]:9766},
 * and with {@code :9766} all of this host's, as other exporters have it.
 */
final class ListenAddress implements ITypeConverter<InetSocketAddress> {
  private static final int PORT_MAX = 65_535;

  @Override
  public InetSocketAddress convert(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, Math.max(colon, 0));
    boolean isBracketed = host.startsWith("[") && host.endsWith("]");
    if (colon < 0 || (host.contains(":") && !isBracketed)) {
      throw new TypeConversionException(
          "'" + text + "' is no HOST:PORT, such as 127.0.0.1:9766, [::1]:9766 or :9766");
    }
    String port = text.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > PORT_MAX) {
      throw new TypeConversionException("'" + port + "' is no port");
    }
    String name = isBracketed ? host.substring(1, host.length() - 1) : host;
    return name.isEmpty()
        ? new InetSocketAddress(Integer.parseInt(port))
        : new InetSocketAddress(name, Integer.parseInt(port));
  }
}
