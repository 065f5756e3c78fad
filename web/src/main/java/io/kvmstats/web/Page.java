package io.kvmstats.web;

/** What is found at a path. */
@FunctionalInterface
public interface Page {
  /**
   * {@return the answer to a request}
   *
   * <p>Called by many threads at once.
   *
   * @param request what was asked for
   */
  Answer answer(Request request);
}
