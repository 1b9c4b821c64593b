/** The OpenAPI document, held to its rules, to the real answers, and to what generated clients make of it. */
package io.inference.analytics.openapi;
