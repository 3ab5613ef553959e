import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * Thumbnails by ImageIO: a picture in the event, a smaller one in the reply.
 *
 * <p>Both are maps: the client's own serialization knows no records.
 */
public final class Thumbnails
        implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    static {
        // It is all in memory: no file is needed between.
        ImageIO.setUseCache(false);
    }

    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        int width = ((Number) event.get("width")).intValue();
        try {
            BufferedImage small = scaled(decoded((String) event.get("picture")), width);
            return Map.of(
                    "width", small.getWidth(),
                    "height", small.getHeight(),
                    "picture", encoded(small));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static BufferedImage decoded(String picture) throws IOException {
        byte[] bytes = Base64.getDecoder().decode(picture);
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
        if (image == null) {
            throw new IllegalArgumentException("the event's picture is of no known kind");
        }
        return image;
    }

    /** As high as the picture's shape makes it. */
    private static BufferedImage scaled(BufferedImage image, int width) {
        int height = Math.max(1, Math.round((float) image.getHeight() * width / image.getWidth()));
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.drawImage(image.getScaledInstance(width, height, Image.SCALE_SMOOTH), 0, 0, null);
        graphics.dispose();
        return small;
    }

    private static String encoded(BufferedImage image) throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(image, "jpeg", jpeg);
        return Base64.getEncoder().encodeToString(jpeg.toByteArray());
    }
}
