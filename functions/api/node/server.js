// Orders on Express: one route, which validates what it takes. On AWS Lambda it runs as it is,
// behind the web adapter.
'use strict';

const express = require('express');
const { z } = require('zod');

const Order = z.object({
  id: z.int(),
  lines: z
    .array(z.object({ sku: z.string().min(1), count: z.int().min(1), price: z.number().min(0) }))
    .min(1),
});

const app = express();
app.use(express.json());

app.post('/orders', (request, response) => {
  const { success, data, error } = Order.safeParse(request.body);
  if (!success) return response.status(422).json({ detail: error.issues });
  const total = data.lines.reduce((sum, line) => sum + line.count * line.price, 0);
  return response.status(201).json({ id: data.id, total, lines: data.lines.length });
});

app.listen(Number(process.env.PORT ?? 8080), '0.0.0.0');
