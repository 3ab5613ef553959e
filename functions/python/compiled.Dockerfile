ARG BASE
FROM ${BASE}
COPY function.py /function/function.py
# The standard library too: whichever image it comes from, its bytecode is of the same kind then.
RUN ["python3", "-c", "import compileall, os, py_compile, sys; kind = py_compile.PycInvalidationMode.UNCHECKED_HASH; sys.exit(not all(compileall.compile_dir(folder, quiet=1, force=True, invalidation_mode=kind, rx=__import__('re').compile('/test/')) for folder in ('/function', os.path.dirname(os.__file__))))"]
WORKDIR /function
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["python3", "-m", "function"]
