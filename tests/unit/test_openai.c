/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAI's dialect and its relatives: what each says of a call, and what of it is a trap. */
#include "tests/lib/dialogue.h"

#define OPENAI "api.openai.com"
#define CHAT "/v1/chat/completions"
#define ASKED "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define STREAMED "{\"model\":\"gpt-4o\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[]}"
#define CHUNK(fields) "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-1\"," fields "}\n\n"

static const struct dialogue dialogues[] = {
	{ .name = "a completion, cached and reasoned", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-1\",\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],"
		  "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0},"
		  "\"completion_tokens_details\":{\"reasoning_tokens\":8,\"audio_tokens\":0}}}",
	  .expect = "gpt-4o>gpt-4o-1 c1 input=100 cache_read=64 output=20 reasoning=8 audio_input=0 audio_output=0" },
	{ .name = "a count that is none is unknown, not nothing", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":20,\"prompt_tokens_details\":{\"cached_tokens\":0}}}",
	  .expect = "gpt-4o> - cache_read=0 output=20" },
	{ .name = "nor is one that is too big", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":18446744073709551616}}", .expect = "gpt-4o> - input=100" },
	{ .name = "nor a word", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":\"many\",\"completion_tokens\":20}}", .expect = "gpt-4o> - output=20" },
	{ .name = "what cannot be read does not undo what was", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":100,\"prompt_tokens\":1e400,\"completion_tokens\":20}}",
	  .expect = "gpt-4o> - input=100 output=20" },
	{ .name = "written to the cache, inside input", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":10,\"cache_write_tokens\":80}}}",
	  .expect = "gpt-4o> - input=100 cache_read=10 cache_write=80 output=1" },
	{ .name = "more cached than asked: no discount", .host = "x.services.ai.azure.com", .path = "/models/chat/completions", .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":161}}}",
	  .expect = "gpt-4o> - input=7 cache_read=0 cache_write=0 cache_write_1h=0 output=1" },
	{ .name = "usage in an event of its own", .host = OPENAI, .path = CHAT, .asked = STREAMED, .kind = ITEM_EVENT,
	  .came = CHUNK("\"choices\":[{\"delta\":{\"content\":\"{\\\"usage\\\":{\\\"prompt_tokens\\\":9}}\"}}],\"usage\":null")
		  CHUNK("\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null")
		  CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}") "data: [DONE]\n\n",
	  .expect = "gpt-4o>gpt-4o-1 c1 input=5 output=2" },
	{ .name = "a stream that was not asked for usage", .host = OPENAI, .path = CHAT, .asked = ASKED, .kind = ITEM_EVENT,
	  .came = CHUNK("\"choices\":[{\"delta\":{\"content\":\"a\"}}]") "data: [DONE]\n\n", .expect = "gpt-4o>gpt-4o-1 c1" },
	{ .name = "an empty first chunk is none", .host = "x.openai.azure.com", .path = "/openai/deployments/mine/chat/completions",
	  .asked = "{\"messages\":[]}", .kind = ITEM_EVENT,
	  .came = "data: {\"choices\":[],\"id\":\"\",\"model\":\"\",\"prompt_filter_results\":[{\"usage\":{\"prompt_tokens\":9}}]}\n\n"
		  CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}"),
	  .expect = "mine>gpt-4o-1 c1 input=5 output=2" },
	{ .name = "usage in every chunk, nulls first", .host = "x.azuredatabricks.net", .path = "/serving-endpoints/chat/completions",
	  .asked = ASKED, .kind = ITEM_EVENT,
	  .came = CHUNK("\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":null,\"total_tokens\":null}")
		  CHUNK("\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}")
		  CHUNK("\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}"),
	  .expect = "gpt-4o>gpt-4o-1 c1 input=5 output=3" },
	{ .name = "the same usage under x_groq", .host = "api.groq.com", .path = "/openai/v1/chat/completions", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = CHUNK("\"x_groq\":{\"id\":\"req_1\"}")
		  CHUNK("\"choices\":[],\"x_groq\":{\"id\":\"req_1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8}},"
			"\"usage_breakdown\":{\"models\":[{\"usage\":{\"prompt_tokens\":77}}]}"),
	  .expect = "gpt-4o>gpt-4o-1 c1 input=5 output=3" },
	{ .name = "a relay that names each chunk anew", .host = "api.groq.com", .path = "/openai/v1/chat/completions", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "data: {\"id\":\"a\",\"object\":\"chat.completion.chunk\"}\n\ndata: {\"id\":\"b\",\"object\":\"chat.completion.chunk\"}\n\n",
	  .expect = "gpt-4o> a" },
	{ .name = "a provider's metadata is not usage", .host = "ai-gateway.vercel.sh", .path = CHAT, .asked = ASKED,
	  .came = "{\"choices\":[{\"message\":{\"provider_metadata\":{\"anthropic\":{\"usage\":{\"input_tokens\":9}}}}}],"
		  "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"cost\":0.00012}}", .expect = "gpt-4o> - input=5 output=3" },
	{ .name = "xAI's chat counts reasoning apart", .host = "api.x.ai", .path = CHAT, .asked = "{\"model\":\"grok\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":332,\"completion_tokens_details\":{\"reasoning_tokens\":320},"
		  "\"cost_in_usd_ticks\":37756000}}", .expect = "grok> - input=10 output=322 reasoning=320" },
	{ .name = "a relay of xAI's: the total tells", .path = CHAT, .asked = "{\"model\":\"grok\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":332,\"completion_tokens_details\":{\"reasoning_tokens\":320}}}",
	  .expect = "grok> - input=10 output=322 reasoning=320" },
	{ .name = "xAI's responses count it inside", .host = "api.x.ai", .path = "/v1/responses", .asked = "{\"model\":\"grok\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"usage\":{\"input_tokens\":10,\"output_tokens\":322,\"total_tokens\":332,\"output_tokens_details\":{\"reasoning_tokens\":320}}}",
	  .expect = "grok> r1 input=10 output=322 reasoning=320" },
	{ .name = "Gemini hides reasoning in the total", .host = "generativelanguage.googleapis.com", .path = "/v1beta/openai/chat/completions",
	  .asked = "{\"model\":\"gemini-2.5-flash\"}", .came = "{\"usage\":{\"prompt_tokens\":35,\"completion_tokens\":12,\"total_tokens\":109}}",
	  .expect = "gemini-2.5-flash> - input=35 output=74" },
	{ .name = "Mistral's audio stands beside the prompt", .host = "api.mistral.ai", .path = CHAT, .asked = "{\"model\":\"voxtral\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":390,\"prompt_audio_seconds\":30,\"prompt_tokens_details\":{\"audio_tokens\":375}}}",
	  .expect = "voxtral> - input=385 output=5 audio_input=375 second=30" },
	{ .name = "DeepSeek's hits", .host = "api.deepseek.com", .path = "/chat/completions", .asked = "{\"model\":\"deepseek-chat\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5,\"total_tokens\":105,\"prompt_cache_hit_tokens\":64,\"prompt_cache_miss_tokens\":36}}",
	  .expect = "deepseek-chat> - input=100 cache_read=64 output=5" },
	{ .name = "thoughts and sources beside the rest", .host = "api.perplexity.ai", .path = "/chat/completions", .asked = "{\"model\":\"sonar-deep-research\"}",
	  .came = "{\"model\":\"sonar-deep-research\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11,\"citation_tokens\":20,"
		  "\"reasoning_tokens\":300,\"num_search_queries\":4}}", .expect = "sonar-deep-research>sonar-deep-research - input=25 output=306 reasoning=300 web_search=4" },
	{ .name = "a cost that is an object", .host = "api.perplexity.ai", .path = "/chat/completions", .asked = "{\"model\":\"sonar\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9,\"total_tokens\":14,\"cost\":{\"total_cost\":0.006},\"num_search_queries\":2}}",
	  .expect = "sonar> - input=5 output=9 web_search=2" },
	{ .name = "a response", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-4o\",\"input\":\"hi\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-4o-1\",\"error\":null,"
		  "\"output\":[{\"type\":\"web_search_call\",\"id\":\"ws\"},{\"type\":\"web_search_call\"},{\"type\":\"message\",\"content\":[{\"text\":\"a\"}]}],"
		  "\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":10},\"output_tokens\":20,\"output_tokens_details\":{\"reasoning_tokens\":4},\"total_tokens\":120}}",
	  .expect = "gpt-4o>gpt-4o-1 r1 input=100 cache_read=10 output=20 reasoning=4 web_search=2" },
	{ .name = "a response's stream", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-4o\",\"stream\":true}", .kind = ITEM_EVENT,
	  .came = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r1\",\"status\":\"in_progress\",\"model\":\"gpt-4o-1\",\"usage\":null}}\n\n"
		  "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"item\":{\"id\":\"x\",\"type\":\"web_search_call\"}}\n\n"
		  "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-4o-1\","
		  "\"output\":[{\"type\":\"web_search_call\"}],\"usage\":{\"input_tokens\":9,\"output_tokens\":3,\"total_tokens\":12}}}\n\n",
	  .expect = "gpt-4o>gpt-4o-1 r1 input=9 output=3 web_search=1" },
	{ .name = "a response that was incomplete", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-4o\"}", .kind = ITEM_EVENT,
	  .came = "data: {\"type\":\"response.incomplete\",\"response\":{\"id\":\"r1\",\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
		  "\"usage\":{\"input_tokens\":9,\"output_tokens\":3}}}\n\n", .expect = "gpt-4o> r1 input=9 output=3" },
	{ .name = "counting is not using", .host = OPENAI, .path = "/v1/responses/input_tokens", .asked = "{\"model\":\"gpt-4o\"}",
	  .came = "{\"object\":\"response.input_tokens\",\"input_tokens\":11}", .expect = "gpt-4o> -" },
	{ .name = "embeddings", .host = OPENAI, .path = "/v1/embeddings", .asked = "{\"model\":\"e\",\"input\":\"a\"}",
	  .came = "{\"object\":\"list\",\"data\":[{\"embedding\":[0.1,-2e-3]}],\"model\":\"e-1\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
	  .expect = "e>e-1 - input=8 output=0" },
	{ .name = "a total alone", .host = "api.voyageai.com", .path = "/v1/embeddings", .asked = "{\"model\":\"v\"}",
	  .came = "{\"usage\":{\"total_tokens\":8}}", .expect = "v> - input=8 output=0" },
	{ .name = "pictures by token", .host = OPENAI, .path = "/v1/images/generations", .asked = "{\"model\":\"gpt-image-1\"}",
	  .came = "{\"data\":[{\"b64_json\":\"AAAA\"}],\"usage\":{\"input_tokens\":13,\"input_tokens_details\":{\"text_tokens\":13,\"image_tokens\":0},\"output_tokens\":272}}",
	  .expect = "gpt-image-1> - input=13 output=272 image_input=0" },
	{ .name = "pictures by piece", .host = OPENAI, .path = "/v1/images/generations", .asked = "{\"model\":\"dall-e-2\",\"n\":2}",
	  .came = "{\"data\":[{\"url\":\"a\"},{\"url\":\"b\"}]}", .expect = "dall-e-2> - image_1024x1024=2" },
	{ .name = "speech by the second", .host = OPENAI, .path = "/v1/audio/transcriptions", .asked = "{\"model\":\"whisper-1\"}",
	  .came = "{\"text\":\"a\",\"usage\":{\"type\":\"duration\",\"seconds\":12.5}}", .expect = "whisper-1> - second=12.500" },
	{ .name = "speech by token, its segments have ids", .host = OPENAI, .path = "/v1/audio/transcriptions", .asked = "{\"model\":\"t\"}", .kind = ITEM_EVENT,
	  .came = "data: {\"type\":\"transcript.text.segment\",\"id\":\"seg_0\",\"text\":\"a\"}\n\n"
		  "data: {\"type\":\"transcript.text.done\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":37,\"input_token_details\":{\"audio_tokens\":37},\"output_tokens\":5}}\n\n",
	  .expect = "t> - input=37 output=5 audio_input=37" },
	{ .name = "a page read", .host = "api.mistral.ai", .path = "/v1/ocr", .asked = "{\"model\":\"ocr\"}",
	  .came = "{\"model\":\"ocr-1\",\"usage_info\":{\"pages_processed\":3,\"doc_size_bytes\":100}}", .expect = "ocr>ocr-1 - page=3" },
	{ .name = "an agent's run, singular details", .host = OPENAI, .path = "/v1/threads/t1/runs", .asked = "{\"assistant_id\":\"a\",\"model\":\"gpt-4o\"}",
	  .came = "{\"id\":\"run_1\",\"object\":\"thread.run\",\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11,\"prompt_token_details\":{\"cached_tokens\":3}}}",
	  .expect = "gpt-4o>gpt-4o run_1 input=9 cache_read=3 output=2" },
	{ .name = "a thread's id is no answer's", .host = OPENAI, .path = "/v1/threads", .asked = "{}",
	  .came = "{\"id\":\"thread_1\",\"object\":\"thread\"}", .expect = "> -" },
	{ .name = "a batch under way", .host = OPENAI, .path = "/v1/batches/b1", .came = "{\"id\":\"b1\",\"object\":\"batch\",\"status\":\"in_progress\",\"model\":\"m\","
		  "\"usage\":{\"input_tokens\":0,\"output_tokens\":0,\"total_tokens\":0}}", .expect = ">m -" },
	{ .name = "a batch that is over", .host = OPENAI, .path = "/v1/batches/b1", .came = "{\"id\":\"b1\",\"object\":\"batch\",\"status\":\"completed\",\"model\":\"m\","
		  "\"usage\":{\"input_tokens\":30,\"output_tokens\":20,\"total_tokens\":50}}", .expect = ">m - input=30 output=20" },
	{ .name = "a batch's results, line by line", .host = OPENAI, .path = "/v1/files/f/content", .kind = ITEM_LINE,
	  .came = "{\"id\":\"q1\",\"response\":{\"status_code\":200,\"body\":{\"id\":\"r1\",\"model\":\"m\",\"usage\":{\"input_tokens\":10,\"output_tokens\":1,\"total_tokens\":11}}}}\n"
		  "{\"id\":\"q2\",\"response\":{\"status_code\":200,\"body\":{\"id\":\"r2\",\"model\":\"m\",\"usage\":{\"input_tokens\":20,\"output_tokens\":2,\"total_tokens\":22}}}}\n",
	  .expect = ">m - input=30 output=3" },
	{ .name = "an error", .host = OPENAI, .path = CHAT, .asked = ASKED, .status = 429,
	  .came = "{\"error\":{\"message\":\"Rate limit\",\"type\":\"tokens\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}", .expect = "gpt-4o> - error=tokens" },
	{ .name = "an error inside a stream", .host = OPENAI, .path = CHAT, .asked = STREAMED, .kind = ITEM_EVENT,
	  .came = CHUNK("\"choices\":[{\"delta\":{\"content\":\"a\"}}]") "data: {\"error\":{\"message\":\"x\",\"type\":\"server_error\"}}\n\n",
	  .expect = "gpt-4o>gpt-4o-1 c1 error=server_error" },
	{ .name = "tokens in a header", .host = "api.fireworks.ai", .path = "/inference/v1/chat/completions", .asked = "{\"model\":\"f\"}",
	  .headers = "fireworks-prompt-tokens: 20\nfireworks-cached-prompt-tokens: 8",
	  .came = "{\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2}}", .expect = "f> - input=20 cache_read=8 output=2" },
	{ .name = "a header that counts the prompt alone", .host = "api.fireworks.ai", .path = "/inference/v1/chat/completions", .asked = "{\"model\":\"f\"}",
	  .headers = "fireworks-prompt-tokens: 20", .came = "{\"model\":\"f\",\"choices\":[]}", .expect = "f>f - input=20" },
	{ .name = "a publisher's own format at Vertex", .host = "us-central1-aiplatform.googleapis.com",
	  .path = "/v1/projects/p/locations/us-central1/publishers/mistralai/models/mistral-small-2503:rawPredict", .asked = "{\"messages\":[]}",
	  .came = "{\"id\":\"c1\",\"model\":\"mistral-small-2503\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
	  .expect = "mistral-small-2503>mistral-small-2503 c1 input=5 output=1" },
	{ .name = "chat below a model of Hugging Face", .host = "api-inference.huggingface.co",
	  .path = "/models/o/m/v1/chat/completions", .asked = "{\"model\":\"o/m\"}",
	  .came = "{\"id\":\"c1\",\"model\":\"o/m\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
	  .expect = "o/m>o/m c1 input=5 output=1" },
	{ .name = "and where it is routed", .host = "router.huggingface.co",
	  .path = "/hf-inference/models/o/m/v1/chat/completions", .asked = "{\"model\":\"o/m\"}",
	  .came = "{\"id\":\"c1\",\"model\":\"o/m\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
	  .expect = "o/m>o/m c1 input=5 output=1" },
	{ .name = "a document that ends in its usage", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3", .expect = "gpt-4o> c1" },
	{ .name = "a document that ends behind its usage", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3},", .expect = "gpt-4o> c1 input=12 output=3" },
	{ .name = "a document whose brackets do not match", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"usage\":{\"prompt_tokens\":12]}}", .expect = "gpt-4o> c1" },
	{ .name = "a batch whose sum is more than a count", .host = OPENAI, .path = "/v1/files/f/content", .kind = ITEM_LINE,
	  .came = "{\"response\":{\"body\":{\"model\":\"m\",\"usage\":{\"input_tokens\":18446744073709551615,\"output_tokens\":1}}}}\n"
		  "{\"response\":{\"body\":{\"model\":\"m\",\"usage\":{\"input_tokens\":20,\"output_tokens\":2}}}}\n",
	  .expect = ">m - input=18446744073709551615 output=3" },
	{ .name = "blank lines before a document", .host = "openrouter.ai", .path = "/api/v1/chat/completions", .asked = ASKED,
	  .came = "\n         \n         \n{\"id\":\"gen-1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6,\"cost\":0.01}}",
	  .expect = "gpt-4o> gen-1 input=5 output=1" },
	{ .name = "Groq's own usage alone", .host = "api.groq.com", .path = "/openai/v1/chat/completions", .asked = STREAMED, .kind = ITEM_EVENT,
	  .came = "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{}}],\"x_groq\":{\"id\":\"req_1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}}\n\ndata: [DONE]\n\n",
	  .expect = "gpt-4o> c1 input=5 output=1" },
	{ .name = "nulls first, then numbers", .host = "a.azuredatabricks.net", .path = "/serving-endpoints/e/invocations", .asked = STREAMED, .kind = ITEM_EVENT,
	  .came = "data: {\"id\":\"c1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":null,\"total_tokens\":null}}\n\n"
		  "data: {\"id\":\"c1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n\n",
	  .expect = "gpt-4o> c1 input=5 output=2" },
	{ .name = "a truth is no count", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":true,\"completion_tokens\":2}}", .expect = "gpt-4o> - output=2" },
	{ .name = "null is no count", .host = OPENAI, .path = CHAT, .asked = ASKED,
	  .came = "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":null}}", .expect = "gpt-4o> - input=5" },
	{ .name = "Anthropic's names beside OpenAI's", .path = "/v1/chat/completions", .asked = "{\"model\":\"claude\"}",
	  .came = "{\"id\":\"c1\",\"model\":\"claude\",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":5,\"total_tokens\":1005,\"cache_read_input_tokens\":300,\"cache_creation_input_tokens\":600,"
		  "\"prompt_tokens_details\":{\"cached_tokens\":300}}}", .expect = "claude>claude c1 input=1000 cache_read=300 cache_write=600 output=5" },
	{ .name = "a model that always searches", .host = OPENAI, .path = CHAT, .asked = "{\"model\":\"gpt-4o-search-preview\",\"web_search_options\":{}}",
	  .came = "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-search-preview-2025-03-11\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}",
	  .expect = "gpt-4o-search-preview>gpt-4o-search-preview-2025-03-11 c1 input=5 output=1 web_search=1" },
	{ .name = "Cloudflare's own format", .host = "api.cloudflare.com", .path = "/client/v4/accounts/a/ai/run/@cf/meta/llama-3.1-8b-instruct",
	  .asked = "{\"messages\":[]}", .came = "{\"result\":{\"response\":\"a\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}},\"success\":true,\"errors\":[]}",
	  .expect = "@cf/meta/llama-3.1-8b-instruct> - input=5 output=1" },
	{ .name = "Mistral's connectors", .host = "api.mistral.ai", .path = "/v1/conversations", .asked = "{\"model\":\"m\"}",
	  .came = "{\"conversation_id\":\"c\",\"usage\":{\"prompt_tokens\":188,\"completion_tokens\":55,\"total_tokens\":7355,\"connector_tokens\":7112,\"connectors\":{\"web_search\":1}}}",
	  .expect = "m> - input=7300 output=55 web_search=1" },
	{ .name = "tokens that the total has already", .host = "api.mistral.ai", .path = "/v1/conversations", .asked = "{\"model\":\"m\"}",
	  .came = "{\"usage\":{\"prompt_tokens\":188,\"completion_tokens\":55,\"total_tokens\":243,\"connector_tokens\":100}}", .expect = "m> - input=188 output=55" },
	{ .name = "searches, and looks at what was found", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-5\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"output\":[{\"type\":\"web_search_call\",\"action\":{\"type\":\"search\",\"query\":\"q\"}},"
		  "{\"type\":\"web_search_call\",\"action\":{\"type\":\"open_page\",\"url\":\"u\"}},{\"type\":\"file_search_call\"}],"
		  "\"usage\":{\"input_tokens\":9,\"output_tokens\":3,\"total_tokens\":12}}", .expect = "gpt-5> r1 input=9 output=3 web_search=1 file_search=1" },
	{ .name = "searches by the provider's own count", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-5\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"output\":[{\"type\":\"web_search_call\"},{\"type\":\"web_search_call\"}],"
		  "\"tool_usage\":{\"image_gen\":{\"total_tokens\":0},\"web_search\":{\"num_requests\":1}},\"usage\":{\"input_tokens\":9,\"output_tokens\":3}}",
	  .expect = "gpt-5> r1 input=9 output=3 web_search=1" },
	{ .name = "a container is billed, not each run in it", .host = OPENAI, .path = "/v1/responses", .asked = "{\"model\":\"gpt-5\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"output\":[{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_1\"},"
		  "{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_1\"},{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_2\"}],"
		  "\"usage\":{\"input_tokens\":9,\"output_tokens\":3}}", .expect = "gpt-5> r1 input=9 output=3 code_interpreter=2" },
	{ .name = "xAI counts its tools in the usage", .host = "api.x.ai", .path = "/v1/responses", .asked = "{\"model\":\"grok\"}",
	  .came = "{\"id\":\"r1\",\"object\":\"response\",\"usage\":{\"input_tokens\":9,\"output_tokens\":3,\"total_tokens\":12,\"num_sources_used\":7,\"server_side_tool_usage_details\":"
		  "{\"web_search_calls\":2,\"x_search_calls\":1,\"code_interpreter_calls\":0,\"file_search_calls\":3,\"mcp_calls\":1,\"document_search_calls\":4}}}",
	  .expect = "grok> r1 input=9 output=3 document_search=4 web_search=2 x_search=1 file_search=3 source=7" },
	{ .name = "an answer of its own time, asked for", .host = "api.perplexity.ai", .path = "/async/chat/completions", .asked = "{\"request\":{\"model\":\"sonar-deep-research\"}}",
	  .came = "{\"id\":\"a1\",\"model\":\"sonar-deep-research\",\"status\":\"CREATED\",\"response\":null}", .expect = ">sonar-deep-research a1" },
	{ .name = "and fetched", .host = "api.perplexity.ai", .path = "/async/chat/completions/a1",
	  .came = "{\"id\":\"a1\",\"model\":\"sonar-deep-research\",\"status\":\"COMPLETED\",\"response\":{\"id\":\"c9\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9,\"total_tokens\":14}}}",
	  .expect = ">sonar-deep-research c9 input=5 output=9" },
	{ .name = "protobuf that nobody reads", .host = "api2.cursor.sh", .path = "/aiserver.v1.ChatService/StreamUnifiedChat", .asked = "\x01\x02{\"model\":\"no\"",
	  .came = "\x0a\x03{}", .expect = "> -" },
	{ .name = "nobody that is known", .path = "/llm/v1/chat/completions", .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"model\":\"m\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}", .expect = "gpt-4o>m c1 input=5 output=1" },
	{ .name = "a path that only looks like it", .path = "/shop/chat/completions", .asked = "{\"order\":1}", .came = "{\"ok\":true}", .expect = "" },
	{ .name = "somebody's files", .path = "/v1/files", .came = "{\"id\":\"f\",\"model\":\"m\"}", .expect = "" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

#define SAYS(fields) "{\"id\":\"c1\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1," fields "}}"

/* What the provider itself says that it costs: exact, whatever its unit. */
static void costs(void **state)
{
	static const struct {
		const char *host, *path, *came;
		int64_t pico;	/* -1: it says nothing */
	} table[] = {
		{ "api.x.ai", "/v1/chat/completions", SAYS("\"cost_in_usd_ticks\":37756000"), 3775600000 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":0.0002265,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":null}"), 226500000 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":2.265e-05"), 22650000 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":0,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.0002265}"), 226500000 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost_details\":{\"upstream_inference_cost\":1},\"cost\":0.5,\"is_byok\":true"), 1500000000000 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":0.1,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":0.09}"), 100000000000 },
		{ "api.perplexity.ai", "/chat/completions", SAYS("\"cost\":{\"input_tokens_cost\":0.001,\"request_cost\":0.005,\"total_cost\":0.006}"), 6000000000 },
		{ "ai-gateway.vercel.sh", "/v1/chat/completions", SAYS("\"cost\":0.00012,\"market_cost\":0.00013"), 120000000 },
		{ "router.huggingface.co", "/v1/chat/completions", SAYS("\"estimated_cost\":0.0000042"), 4200000 },
		{ "api.openai.com", "/v1/chat/completions", SAYS("\"total_tokens\":6"), -1 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":-1"), -1 },
		{ "openrouter.ai", "/api/v1/chat/completions", SAYS("\"cost\":99999999999999999999"), -1 },
	};
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(row, table) {
		struct dialogue dialogue = { .name = row->came, .host = row->host, .path = row->path, .asked = ASKED, .came = row->came };

		dialogue_play(&dialogue, 1, ENDING_COMPLETE, told);
		assert_int_equal(told->n, 1);
		if (told->calls[0].has_provider_cost != (row->pico >= 0) || told->calls[0].provider_cost_pico != (row->pico < 0 ? 0 : row->pico))
			fail_msg("%s: %lld", row->came, (long long)told->calls[0].provider_cost_pico);
	}
	mem_free(told);
}

/* Answers that come later, and what of the rest is billed how. */
static void facts(void **state)
{
	static const struct {
		const char *host, *path, *asked, *came;
		uint32_t flags;
		const char *previous;
		uint8_t billing;
	} table[] = {
		{ OPENAI, "/v1/responses", "{\"model\":\"m\",\"background\":true}", "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"queued\",\"usage\":null}", CALL_BACKGROUND, "", BILLING_METERED },
		{ OPENAI, "/v1/responses/r1", NULL, "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}", CALL_RETRIEVAL, "r1", BILLING_METERED },
		{ OPENAI, "/v1/responses/r1/cancel", "{}", "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}", CALL_RETRIEVAL, "r1", BILLING_METERED },
		{ OPENAI, "/v1/threads/t1/runs", "{\"assistant_id\":\"a\"}", "{\"id\":\"run_1\",\"object\":\"thread.run\",\"status\":\"queued\",\"usage\":null}", CALL_BACKGROUND, "", BILLING_METERED },
		{ OPENAI, "/v1/threads/t1/runs/run_1", NULL, "{\"id\":\"run_1\",\"object\":\"thread.run\",\"status\":\"completed\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}", CALL_RETRIEVAL, "run_1", BILLING_METERED },
		{ "api.perplexity.ai", "/async/chat/completions", "{}", "{\"id\":\"a1\",\"status\":\"CREATED\"}", CALL_BACKGROUND, "", BILLING_METERED },
		{ "api.perplexity.ai", "/async/chat/completions/a1", NULL, "{\"id\":\"a1\",\"status\":\"COMPLETED\"}", CALL_RETRIEVAL, "a1", BILLING_METERED },
		{ OPENAI, "/v1/moderations", "{\"model\":\"omni\"}", "{\"id\":\"m1\"}", CALL_FREE, "", BILLING_METERED },
		{ "api.mistral.ai", "/v1/moderations", "{\"model\":\"m\"}", "{\"id\":\"m1\",\"usage\":{\"prompt_tokens\":13,\"total_tokens\":13,\"completion_tokens\":0}}", 0, "", BILLING_METERED },
		{ "chatgpt.com", "/backend-api/codex/responses", "{\"model\":\"m\"}", "{\"id\":\"r\"}", 0, "", BILLING_SUBSCRIPTION },
		{ "api.githubcopilot.com", "/chat/completions", "{\"model\":\"m\"}", "{\"id\":\"r\"}", 0, "", BILLING_SUBSCRIPTION },
		{ "api.z.ai", "/api/anthropic/v1/messages", "{\"model\":\"glm\"}", "{\"id\":\"r\"}", 0, "", BILLING_SUBSCRIPTION },
		{ "api.z.ai", "/api/paas/v4/chat/completions", "{\"model\":\"glm\"}", "{\"id\":\"r\"}", 0, "", BILLING_METERED },
	};
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(row, table) {
		struct dialogue dialogue = { .name = row->path, .host = row->host, .path = row->path, .asked = row->asked, .came = row->came };
		const struct call *call = &told->calls[0];

		dialogue_play(&dialogue, 1, ENDING_COMPLETE, told);
		assert_int_equal(told->n, 1);
		if ((call->flags & (CALL_BACKGROUND | CALL_RETRIEVAL | CALL_FREE)) != row->flags || strcmp(call->previous_id, row->previous) != 0 ||
		    call->billing != row->billing)
			fail_msg("%s %s: flags %x, previous %s, billing %d", row->host, row->path, call->flags, call->previous_id, call->billing);
	}
	mem_free(told);
}

/* Sentences and numbers where words and counts are wanted: none of them is told. */
static void no_text(void **state)
{
	static const struct dialogue dialogue = {
		.name = "text everywhere", .host = OPENAI, .path = "/v1/chat/completions", .asked = "{\"model\":\"m\",\"service_tier\":\"my secret\"}",
		.headers = "x-request-id: a secret",
		.came = "{\"id\":\"the secret\",\"model\":\"m\",\"service_tier\":\"our secret\",\"choices\":[{\"finish_reason\":\"no secret\","
			"\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"big secret\"}}]}}],\"usage\":{\"prompt_tokens\":\"secret 5\","
			"\"a secret key\":5,\"completion_tokens\":4,\"note\":\"secret\",\"x\":{\"a secret\":[1,\"secret\"]}}}",
	};
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	for (size_t step = 0; step < 4; step++) {
		const struct call *call = &told->calls[0];

		dialogue_play(&dialogue, step, ENDING_COMPLETE, told);
		assert_int_equal(told->n, 1);
		assert_null(memmem(call, sizeof(*call), "secret", 6));
		assert_string_equal(call->usage_raw, "{\"completion_tokens\":4,\"x\":{}}");
		assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 4);
		assert_false(usage_knows(&call->usages[0], COUNT_INPUT));
	}
	mem_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usages), cmocka_unit_test(costs), cmocka_unit_test(facts), cmocka_unit_test(no_text),
	};

	return RUN(tests);
}
