/** Which room writes and reads which table: read from its SQL, and held to what its package-info says. */
package io.inference.analytics.tables;
