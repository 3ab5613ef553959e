import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** A function on the official client for Java; the contract is in functions/README.md. */
public final class Function implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    private final String instance = UUID.randomUUID().toString().replace("-", "");
    private long invocations;

    /** Echoes the event, with the proof of temperature around it; fails where it is asked to. */
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        invocations++;
        if (Boolean.TRUE.equals(event.get("fail"))) {
            throw new IllegalArgumentException("the event asks for a failure");
        }
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("instance", instance);
        reply.put("invocation", invocations);
        reply.put("echo", event);
        return reply;
    }
}
