import static java.nio.charset.StandardCharsets.UTF_8;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.UUID;

/**
 * A function on the official client for Java; the contract is in functions/README.md.
 *
 * <p>It takes streams: what the client makes of a map and back is not the event that came.
 */
public final class Function implements RequestStreamHandler {
    private final String instance = UUID.randomUUID().toString().replace("-", "");
    private long invocations;

    /** Echoes the event, with the proof of temperature around it; fails where it is asked to. */
    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context)
            throws IOException {
        invocations++;
        String event = new String(input.readAllBytes(), UTF_8);
        if (event.contains("\"fail\":true")) {
            throw new IllegalArgumentException("the event asks for a failure");
        }
        String proof = "{\"instance\":\"%s\",\"invocation\":%d,\"echo\":%s}";
        output.write(proof.formatted(instance, invocations, event).getBytes(UTF_8));
    }
}
