/**
 * An HTTP server for pages that others make: {@link io.kvmstats.web.WebServer} has the limits that
 * keep one client from harming the others, TLS, and passwords. It knows nothing of VMs.
 */
@NullMarked
package io.kvmstats.web;

import org.jspecify.annotations.NullMarked;
