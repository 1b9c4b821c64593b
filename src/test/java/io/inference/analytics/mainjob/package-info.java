/** The main job end to end, with the packaged service and real servers, on each transport and storage flavour. */
package io.inference.analytics.mainjob;
