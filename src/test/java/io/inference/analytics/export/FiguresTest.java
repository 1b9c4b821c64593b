package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class FiguresTest {

    @Provide
    Arbitrary<List<BigInteger>> tokens() {
        return Arbitraries.oneOf(
                        Arbitraries.bigIntegers().between(BigInteger.ZERO, BigInteger.TEN.pow(18)),
                        Arbitraries.bigIntegers().between(BigInteger.ZERO, BigInteger.TEN.pow(25)),
                        Arbitraries.of(BigInteger.TEN.pow(18).subtract(BigInteger.ONE)))
                .list()
                .ofMinSize(1)
                .ofMaxSize(40);
    }

    /** Also past what a long holds. */
    @Property(tries = 200)
    void sumsAreExactWhateverTheirSize(@ForAll("tokens") List<BigInteger> tokens) {
        Figures.Total total = new Figures.Total();
        for (BigInteger number : tokens) {
            String text = number.toString();
            total.add(new ExportRow(0, "m", 1, 0, text, "0", "0", "0", null, 1));
        }
        assertThat(total.sums().inputTokens()).isEqualTo(tokens.stream().reduce(BigInteger.ZERO, BigInteger::add));
    }
}
