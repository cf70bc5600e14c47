"""OpenAI's protocol over WeBox's AIs: what a tool needs that knows that protocol alone.

Source: https://platform.openai.com/docs/api-reference/chat, and the official Python SDK, which tests it.
"""
