package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code price}. */
@Command(
        name = "price",
        description = "The price book, by which events without a cost are priced.",
        subcommands = {PriceAddCommand.class, PriceListCommand.class, PriceRepriceCommand.class})
final class PriceCommand {}
