// Thumbnails by sharp: a picture in the event, a smaller one in the reply.
'use strict';

const sharp = require('sharp');

exports.handler = async ({ picture, width }) => {
  const small = sharp(Buffer.from(picture, 'base64')).resize({ width }).jpeg();
  const { data, info } = await small.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, picture: data.toString('base64') };
};
