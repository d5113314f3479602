"""textrnn: recurrent networks on text.

    import textrnn

    model = textrnn.load("shakespeare")
    print(textrnn.generate(model, "ROMEO:", 200, seed=1)[0])
"""

__version__ = "0.1.0"
