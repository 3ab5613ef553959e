ARG BASE
FROM ${BASE}
# Started on AWS Lambda alone: elsewhere the server is asked as it is.
COPY web-adapter/lambda-adapter /opt/extensions/lambda-adapter
COPY web-adapter/version /opt/web-adapter.version
WORKDIR /function
COPY bundle/server.js .
ENV NODE_ENV=production
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["node", "server.js"]
