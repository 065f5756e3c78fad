/**
 * The screen of {@code kvmstats top}.
 *
 * <p>{@code Screens} makes a screen of what was read and of what the user wants to see, and of
 * nothing else: a function, which tests call as it is. Around it, {@link io.kvmstats.tui.Top} has
 * one thread that looks for VMs, one that reads them, one that waits for keys, and one that has all
 * the state and draws. Nobody waits for the one that draws: it takes the newest that was read.
 */
@NullMarked
package io.kvmstats.tui;

import org.jspecify.annotations.NullMarked;
