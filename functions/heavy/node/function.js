// Imports that take their time: an SDK with a client made at the start.
'use strict';

const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
const { marshall } = require('@aws-sdk/util-dynamodb');

const client = new DynamoDBClient({});

// Makes the command that would store the order, and sends nothing: that would measure a network.
exports.handler = async ({ id, lines }) => {
  if (lines.some(({ price }) => price < 0)) throw new RangeError('a price is negative');
  const total = lines.reduce((sum, { count, price }) => sum + count * price, 0);
  const command = new PutItemCommand({ TableName: 'orders', Item: marshall({ id, total, lines }) });
  const region = await client.config.region();
  return { id, total, lines: lines.length, region, item: command.input.Item };
};
