import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Has a function start and answer while its image is built, so that the classes that it loads can
 * be kept: the driver's part, for one instance on this machine.
 *
 * <p>{@code Training asked PORT EVENT} is the Runtime API: it gives the event several times, and
 * closes the connection then, which ends the function. {@code Training asks PORT METHOD PATH BODY}
 * waits until a server listens, and asks it as often.
 */
public final class Training {
    private static final int TIMES = 5;

    private Training() {}

    public static void main(String[] words) throws Exception {
        int port = Integer.parseInt(words[1]);
        if (words[0].equals("asked")) {
            asked(port, words[2].getBytes(UTF_8));
        } else {
            for (int i = 0; i < TIMES; i++) {
                ask(port, words[2] + " " + words[3], words[4].getBytes(UTF_8));
            }
        }
    }

    private static void asked(int port, byte[] event) throws IOException {
        try (ServerSocket server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                Socket function = server.accept()) {
            InputStream in = new BufferedInputStream(function.getInputStream());
            for (int given = 0; given < TIMES; ) {
                String head = head(in);
                in.readNBytes(length(head));
                boolean isNext = head.startsWith("GET ");
                String answer = isNext
                        ? "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: training-" + given
                                + "\r\nContent-Length: " + event.length + "\r\n\r\n"
                        : "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
                function.getOutputStream().write(answer.getBytes(ISO_8859_1));
                if (isNext) {
                    function.getOutputStream().write(event);
                } else if (!head.contains("/response")) {
                    throw new IllegalStateException("the function failed: " + head);
                } else {
                    given++;
                }
            }
        }
    }

    private static void ask(int port, String what, byte[] body) throws Exception {
        try (Socket server = connected(port)) {
            String head = what + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                    + "\r\nConnection: close\r\nContent-Length: " + body.length + "\r\n\r\n";
            server.getOutputStream().write(head.getBytes(ISO_8859_1));
            server.getOutputStream().write(body);
            String answer = new String(server.getInputStream().readAllBytes(), UTF_8);
            if (!answer.startsWith("HTTP/1.1 2")) {
                throw new IllegalStateException("the function failed: " + answer);
            }
        }
    }

    private static Socket connected(int port) throws Exception {
        for (int tries = 0; ; tries++) {
            try {
                return new Socket(InetAddress.getLoopbackAddress(), port);
            } catch (IOException error) {
                if (tries == 600) {
                    throw error;
                }
                Thread.sleep(100);
            }
        }
    }

    /** Up to the empty line. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the function has gone: " + head);
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static int length(String head) {
        for (String line : head.split("\r\n")) {
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                return Integer.parseInt(line.substring(15).trim());
            }
        }
        return 0;
    }
}
