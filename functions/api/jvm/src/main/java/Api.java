import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.math.BigDecimal;
import java.util.List;

/** An API on Javalin, {@code POST /orders}: it listens on PORT. */
public final class Api {
    record Order(Long id, List<Line> lines) {
        boolean hasGoodLines() {
            return lines != null && !lines.isEmpty() && lines.stream().allMatch(Line::isGood);
        }

        BigDecimal total() {
            return lines.stream().map(Line::total).reduce(BigDecimal.ZERO, BigDecimal::add);
        }
    }

    record Line(String sku, int count, BigDecimal price) {
        static boolean isGood(Line line) {
            return line != null && line.hasSku() && line.count > 0 && line.hasPrice();
        }

        private boolean hasSku() {
            return sku != null && !sku.isEmpty();
        }

        private boolean hasPrice() {
            return price != null && price.signum() >= 0;
        }

        BigDecimal total() {
            return price.multiply(BigDecimal.valueOf(count));
        }
    }

    record Receipt(long id, BigDecimal total, int lines) {}

    private Api() {}

    public static void main(String[] arguments) {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        Javalin.create(config -> config.routes.post("/orders", Api::accept)).start(port);
    }

    /** Takes an order that is in order; refuses any other with 400 and what is wrong with it. */
    private static void accept(Context context) {
        Order order =
                context.bodyValidator(Order.class)
                        .check("id", it -> it.id() != null, "an order has an id")
                        .check("lines", Order::hasGoodLines, "each line has sku, count and price")
                        .get();
        context.status(HttpStatus.CREATED)
                .json(new Receipt(order.id(), order.total(), order.lines().size()));
    }
}
