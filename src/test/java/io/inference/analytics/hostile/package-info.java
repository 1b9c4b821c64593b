/** What people send who mean harm: nothing of it may end in a 5xx, reach another organisation, or be run by anybody. */
package io.inference.analytics.hostile;
