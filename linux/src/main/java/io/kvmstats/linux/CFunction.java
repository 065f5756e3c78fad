package io.kvmstats.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * A function of a shared library: to run C beside Java in one process and compare them.
 *
 * <p>Thread-safe as far as the function is.
 */
public final class CFunction {
  private final MethodHandle handle;

  private CFunction(MethodHandle handle) {
    this.handle = handle;
  }

  /**
   * Loads a library, for as long as the process lives, and finds a function in it.
   *
   * @param library the shared object
   * @param name of a function {@code long name(long, long)}
   * @return the function
   * @throws IllegalArgumentException when there is no such library or function
   */
  @SuppressWarnings("restricted") // The caller says that it is a library.
  public static CFunction load(Path library, String name) {
    SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
    return new CFunction(Libc.bind(lookup, name));
  }

  /**
   * Calls the function.
   *
   * @param a its first argument; an address must stay valid until it returns
   * @param b its second argument
   * @return its result
   */
  public long call(long a, long b) {
    return Libc.call(handle, a, b, 0, 0, 0, 0);
  }
}
