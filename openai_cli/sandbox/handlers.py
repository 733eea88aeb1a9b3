"""Which operations of the table do more than make, show, list, change and delete a thing."""

from collections.abc import Mapping

# By method and path, with `{}` for each parameter: `module.function` of this package.
HANDLERS: Mapping[str, str] = {
    "GET /chat/completions": "stored_chats.list_chats",
    "GET /chat/completions/{}": "stored_chats.show_chat",
    "POST /chat/completions/{}": "stored_chats.change_chat",
    "DELETE /chat/completions/{}": "stored_chats.delete_chat",
    "GET /chat/completions/{}/messages": "stored_chats.list_messages",
    "POST /conversations": "conversations.create_conversation",
    "POST /conversations/{}/items": "conversations.create_items",
    "DELETE /conversations/{}/items/{}": "conversations.delete_item",
    "POST /responses": "responses.create_response",
    "GET /responses/{}": "stored_responses.get_response",
    "DELETE /responses/{}": "stored_responses.delete_response",
    "POST /responses/{}/cancel": "stored_responses.cancel_response",
    "GET /responses/{}/input_items": "stored_responses.list_input_items",
    "POST /responses/compact": "stored_responses.compact_response",
    "POST /responses/input_tokens": "input_tokens.count_input_tokens",
    "POST /fine_tuning/alpha/graders/run": "fine_tuning.run_grader",
    "POST /fine_tuning/checkpoints/{}/permissions": "fine_tuning.create_permissions",
    "POST /fine_tuning/jobs": "fine_tuning.create_job",
    "POST /fine_tuning/jobs/{}/cancel": "fine_tuning.cancel_job",
    "POST /fine_tuning/jobs/{}/pause": "fine_tuning.pause_job",
    "POST /fine_tuning/jobs/{}/resume": "fine_tuning.resume_job",
    "POST /vector_stores": "vector_stores.create_store",
    "POST /vector_stores/{}/file_batches": "vector_stores.create_batch",
    "POST /vector_stores/{}/file_batches/{}/cancel": "vector_stores.cancel_batch",
    "GET /vector_stores/{}/file_batches/{}/files": "vector_stores.list_batch_files",
    "POST /vector_stores/{}/files": "vector_stores.create_file",
    "GET /vector_stores/{}/files/{}/content": "vector_stores.show_content",
    "POST /vector_stores/{}/search": "vector_stores.search",
}
