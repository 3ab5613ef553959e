import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Valid;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.util.List;
import java.util.Set;

/** Takes an order, read by Jackson and checked by Hibernate Validator, on the official client. */
public final class Orders implements RequestStreamHandler {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    record Order(@NotNull Long id, @NotEmpty List<@NotNull @Valid Line> lines) {
        BigDecimal total() {
            return lines.stream().map(Line::total).reduce(BigDecimal.ZERO, BigDecimal::add);
        }
    }

    record Line(
            @NotBlank String sku,
            @Positive int count,
            @NotNull @PositiveOrZero(message = "a price is negative") BigDecimal price) {
        BigDecimal total() {
            return price.multiply(BigDecimal.valueOf(count));
        }
    }

    record Receipt(long id, BigDecimal total, int lines) {}

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context)
            throws IOException {
        Order order = JSON.readValue(input, Order.class);
        Set<ConstraintViolation<Order>> violations = VALIDATOR.validate(order);
        if (!violations.isEmpty()) {
            throw new ConstraintViolationException(violations);
        }
        JSON.writeValue(output, new Receipt(order.id(), order.total(), order.lines().size()));
    }
}
