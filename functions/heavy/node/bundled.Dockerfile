ARG BASE
FROM ${BASE}
WORKDIR /function
COPY node_modules/aws-lambda-ric node_modules/aws-lambda-ric
COPY bundle/function.js .
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["node", "node_modules/aws-lambda-ric/bin/index.mjs", "function.handler"]
