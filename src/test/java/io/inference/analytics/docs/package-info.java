/** The pages for people, tried. */
package io.inference.analytics.docs;
