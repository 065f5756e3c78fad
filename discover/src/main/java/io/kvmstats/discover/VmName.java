package io.kvmstats.discover;

/**
 * What a VM is called, and who says so.
 *
 * @param text the name, which may contain any character: escape it for where it goes
 * @param origin where it comes from, such as {@code -name}
 */
public record VmName(String text, String origin) {}
