/** The analytics service; one package per feature, see {@code docs/architecture.md}. */
package io.inference.analytics;
