import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.util.HexFormat;

/**
 * A function that speaks the AWS Lambda Runtime API; the contract is in ../README.md.
 *
 * <p>Strings are joined with {@link StringBuilder}: the first {@code +} of a process costs some
 * 7 ms, because its code is generated when it first runs.
 */
public final class Function {
    public static void main(String[] args) throws IOException {
        long mainNs = System.nanoTime(); // CLOCK_MONOTONIC, on Linux
        String address = System.getenv("AWS_LAMBDA_RUNTIME_API");
        if (address == null) {
            throw new IllegalStateException("AWS_LAMBDA_RUNTIME_API is not set");
        }
        try (Api api = address.startsWith("unix:") ? Unix.connect(address) : Api.connect(address)) {
            serve(api, mainNs);
        }
    }

    private static void serve(Api api, long mainNs) throws IOException {
        String instance;
        try {
            sleepIfTold();
            workIfTold();
            instance = nonce();
        } catch (Exception error) {
            api.postError("init", "Runtime.InvalidConfig", error);
            System.err.println(error.getMessage());
            System.exit(1);
            return;
        }

        String stamps = new StringBuilder()
                .append("Coldstart-Main-Ns: ").append(mainNs).append("\r\n")
                .append("Coldstart-Ready-Ns: ").append(System.nanoTime()).append("\r\n")
                .toString();
        Answer next = api.nextEvent(stamps);
        for (long invocation = 1; ; invocation++) {
            byte[] reply = null;
            try {
                reply = handle(next.body(), instance, invocation);
            } catch (Exception error) {
                api.postError("invocation/".concat(next.requestId()), "Runtime.NotJson", error);
            }
            if (reply != null) {
                api.postReply(next.requestId(), reply);
            }
            next = api.nextEvent("");
        }
    }

    /** Sleeps {@code COLDSTART_INIT_SLEEP_MS} milliseconds, for calibration. */
    private static void sleepIfTold() throws InterruptedException {
        int ms = told("COLDSTART_INIT_SLEEP_MS");
        if (ms > 0) {
            Thread.sleep(ms);
        }
    }

    /** Keeps a processor busy for {@code COLDSTART_INIT_WORK_MS} milliseconds. */
    private static void workIfTold() throws IOException {
        int ms = told("COLDSTART_INIT_WORK_MS");
        if (ms == 0) {
            return;
        }
        long until = executedNs() + ms * 1_000_000L;
        while (executedNs() < until) {
            // A thread that gives way is accounted for at once, not at the next tick.
            Thread.yield();
        }
    }

    /** What this thread was executed so far: the management beans would load for longer. */
    private static long executedNs() throws IOException {
        try (InputStream told = new FileInputStream("/proc/thread-self/schedstat")) {
            String text = new String(told.readAllBytes(), ISO_8859_1);
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        }
    }

    private static int told(String name) {
        String text = System.getenv(name);
        if (text == null) {
            return 0;
        }
        if (!text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException(new StringBuilder(name)
                    .append(" is not a whole number: '")
                    .append(text).append('\'').toString());
        }
        return Integer.parseInt(text);
    }

    /** Eight random bytes from the kernel: SecureRandom would load its providers first. */
    private static String nonce() throws IOException {
        try (InputStream random = new FileInputStream("/dev/urandom")) {
            return HexFormat.of().formatHex(random.readNBytes(8));
        }
    }

    /** Echoes the event byte for byte, with the proof of temperature around it. */
    private static byte[] handle(byte[] event, String instance, long invocation)
            throws IOException {
        Json.check(event);
        String proof = new StringBuilder()
                .append("{\"instance\":\"").append(instance)
                .append("\",\"invocation\":").append(invocation)
                .append(",\"echo\":").toString();
        ByteArrayOutputStream reply = new ByteArrayOutputStream(proof.length() + event.length + 1);
        reply.writeBytes(proof.getBytes(UTF_8));
        reply.writeBytes(event);
        reply.write('}');
        return reply.toByteArray();
    }

    /** What the Runtime API answers; the request id is null where the answer carries none. */
    private record Answer(String requestId, byte[] body) {}

    /** One persistent connection to the Runtime API: as much of HTTP/1.1 as it needs. */
    private static final class Api implements AutoCloseable {
        private final String host;
        private final Closeable socket;
        private final InputStream in;
        private final OutputStream out;

        Api(String host, Closeable socket, InputStream in, OutputStream out) {
            this.host = host;
            this.socket = socket;
            this.in = new BufferedInputStream(in);
            this.out = out;
        }

        static Api connect(String host) throws IOException {
            int colon = host.lastIndexOf(':');
            // No time-out: the next event may be a long time coming.
            Socket socket =
                    new Socket(host.substring(0, colon), Integer.parseInt(host.substring(colon + 1)));
            socket.setTcpNoDelay(true);
            return new Api(host, socket, socket.getInputStream(), socket.getOutputStream());
        }

        Answer nextEvent(String headers) throws IOException {
            return call("GET", "invocation/next", headers, new byte[0]);
        }

        void postReply(String requestId, byte[] reply) throws IOException {
            String path = new StringBuilder()
                    .append("invocation/").append(requestId).append("/response").toString();
            call("POST", path, "", reply);
        }

        void postError(String what, String kind, Exception error) throws IOException {
            String header = new StringBuilder()
                    .append("Lambda-Runtime-Function-Error-Type: ").append(kind).append("\r\n")
                    .toString();
            String text = new StringBuilder()
                    .append("{\"errorMessage\":").append(Json.quote(String.valueOf(error.getMessage())))
                    .append(",\"errorType\":").append(Json.quote(kind))
                    .append(",\"stackTrace\":[]}").toString();
            call("POST", what.concat("/error"), header, text.getBytes(UTF_8));
        }

        private Answer call(String method, String path, String headers, byte[] body)
                throws IOException {
            String head = new StringBuilder()
                    .append(method).append(" /2018-06-01/runtime/").append(path)
                    .append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n").append(headers)
                    .append("Content-Length: ").append(body.length).append("\r\n\r\n").toString();
            ByteArrayOutputStream request = new ByteArrayOutputStream(head.length() + body.length);
            request.writeBytes(head.getBytes(ISO_8859_1));
            request.writeBytes(body);
            request.writeTo(out);

            String status = line();
            if (!status.startsWith("HTTP/1.1 2")) {
                throw new IOException(new StringBuilder().append(method).append(' ').append(path)
                        .append(" was answered with ").append(status).toString());
            }
            String requestId = null;
            int length = 0;
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                String name = line.substring(0, colon);
                String value = line.substring(colon + 1).strip();
                if (name.equalsIgnoreCase("Lambda-Runtime-Aws-Request-Id")) {
                    requestId = value;
                } else if (name.equalsIgnoreCase("Content-Length")) {
                    length = Integer.parseInt(value);
                }
            }
            return new Answer(requestId, in.readNBytes(length));
        }

        /** A line of the answer's head, without its end; empty after the last header. */
        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException("the Runtime API closed the connection");
                }
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** The way over a Unix socket. Its own class: with TCP, nothing of it is loaded. */
    private static final class Unix {
        static Api connect(String address) throws IOException {
            String path = address.substring("unix:".length());
            SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
            return new Api("localhost", socket,
                    Channels.newInputStream(socket), Channels.newOutputStream(socket));
        }
    }

    /** Checks JSON (RFC 8259) without keeping it: the standard library has no parser. */
    private static final class Json {
        private static final int DEEPEST = 500;

        private final CharSequence text;
        private int at;

        private Json(CharSequence text) {
            this.text = text;
        }

        static void check(byte[] event) throws CharacterCodingException {
            Json json = new Json(UTF_8.newDecoder().decode(ByteBuffer.wrap(event)));
            json.value(0);
            json.require(json.at == json.text.length());
        }

        static String quote(String text) {
            StringBuilder quoted = new StringBuilder("\"");
            for (char c : text.toCharArray()) {
                if (c < ' ') {
                    quoted.append("\\u00").append(HexFormat.of().toHexDigits((byte) c));
                } else {
                    quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
                }
            }
            return quoted.append('"').toString();
        }

        private void value(int depth) {
            require(depth < DEEPEST);
            space();
            switch (peek()) {
                case '{' -> members('}', depth);
                case '[' -> members(']', depth);
                case '"' -> string();
                case 't' -> word("true");
                case 'f' -> word("false");
                case 'n' -> word("null");
                default -> number();
            }
            space();
        }

        private void members(char end, int depth) {
            at++;
            space();
            if (accept(end)) {
                return;
            }
            do {
                if (end == '}') {
                    space();
                    string();
                    space();
                    require(accept(':'));
                }
                value(depth + 1);
            } while (accept(','));
            require(accept(end));
        }

        private void string() {
            require(accept('"'));
            while (!accept('"')) {
                require(peek() >= ' ');
                if (!accept('\\')) {
                    at++;
                } else if (accept('u')) {
                    for (int digit = 0; digit < 4; digit++) {
                        require(HexFormat.isHexDigit(peek()));
                        at++;
                    }
                } else {
                    require("\"\\/bfnrt".indexOf(peek()) >= 0);
                    at++;
                }
            }
        }

        private void number() {
            accept('-');
            if (!accept('0')) {
                digits();
            }
            if (accept('.')) {
                digits();
            }
            if (accept('e') || accept('E')) {
                if (!accept('+')) {
                    accept('-');
                }
                digits();
            }
        }

        private void digits() {
            require(peek() >= '0' && peek() <= '9');
            while (peek() >= '0' && peek() <= '9') {
                at++;
            }
        }

        private void word(String word) {
            for (int i = 0; i < word.length(); i++) {
                require(accept(word.charAt(i)));
            }
        }

        private void space() {
            while (" \t\r\n".indexOf(peek()) >= 0) {
                at++;
            }
        }

        private boolean accept(char c) {
            boolean found = peek() == c;
            at += found ? 1 : 0;
            return found;
        }

        /** The character to read next; NUL, which JSON never holds, at the end. */
        private char peek() {
            return at < text.length() ? text.charAt(at) : '\0';
        }

        private void require(boolean condition) {
            if (!condition) {
                throw new IllegalArgumentException(new StringBuilder()
                        .append("not JSON: unexpected character at ").append(at).toString());
            }
        }
    }
}
