/** What integration tests share: real backends, tokens, and stored usage. */
package io.inference.analytics.testing;
