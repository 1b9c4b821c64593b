# In place of LiteLLM, whose base class of callbacks has empty methods.


class CustomLogger:
    pass
