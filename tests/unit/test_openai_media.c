/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures, sound, films and pages: by the token where the answer counts them, else by the piece. */
#include "tests/lib/dialogue.h"

#define OPENAI "api.openai.com"
#define PICTURES "/v1/images/generations"

static const struct dialogue dialogues[] = {
	/* pictures */
	{ .name = "by token", .host = OPENAI, .path = PICTURES, .asked = "{\"model\":\"gpt-image-1\",\"prompt\":\"a cat\",\"size\":\"1024x1536\",\"quality\":\"high\"}",
	  .came = "{\"created\":1,\"size\":\"1024x1536\",\"quality\":\"high\",\"data\":[{\"b64_json\":\"AAAA\"}],\"usage\":{\"total_tokens\":6253,\"input_tokens\":13,"
		  "\"input_tokens_details\":{\"text_tokens\":13,\"image_tokens\":0},\"output_tokens\":6240,\"output_tokens_details\":{\"image_tokens\":6240,\"text_tokens\":0}}}",
	  .expect = "gpt-image-1> - input=13 output=6240 image_input=0 image_output=6240" },
	{ .name = "changed, in a form", .host = OPENAI, .path = "/v1/images/edits", .form = "model=gpt-image-1\nprompt=a hat\n@image[]=PNG\nn=1",
	  .came = "{\"created\":1,\"data\":[{\"b64_json\":\"AAAA\"}],\"usage\":{\"input_tokens\":400,\"input_tokens_details\":{\"text_tokens\":10,\"image_tokens\":390},\"output_tokens\":272}}",
	  .expect = "gpt-image-1> - input=400 output=272 image_input=390" },
	{ .name = "a stream of stages: the last counts", .host = OPENAI, .path = PICTURES, .asked = "{\"model\":\"gpt-image-1\",\"stream\":true,\"partial_images\":1}", .kind = ITEM_EVENT,
	  .came = "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA\",\"partial_image_index\":0}\n\n"
		  "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"AAAA\",\"size\":\"1024x1024\",\"quality\":\"low\","
		  "\"usage\":{\"total_tokens\":285,\"input_tokens\":13,\"output_tokens\":272,\"input_tokens_details\":{\"text_tokens\":13,\"image_tokens\":0}}}\n\n",
	  .expect = "gpt-image-1> - input=13 output=272 image_input=0" },
	{ .name = "DALL-E 3 by size and quality", .host = OPENAI, .path = PICTURES,
	  .asked = "{\"model\":\"dall-e-3\",\"prompt\":\"a\",\"size\":\"1024x1792\",\"quality\":\"hd\"}",
	  .came = "{\"created\":1,\"data\":[{\"url\":\"u\",\"revised_prompt\":\"b\"}]}", .expect = "dall-e-3> - image_hd_1024x1792=1" },
	{ .name = "its standard quality", .host = OPENAI, .path = PICTURES, .asked = "{\"model\":\"dall-e-3\",\"quality\":\"standard\",\"size\":\"1792x1024\"}",
	  .came = "{\"data\":[{\"url\":\"u\"}]}", .expect = "dall-e-3> - image_1792x1024=1" },
	{ .name = "several of the first generation, in a form", .host = OPENAI, .path = "/v1/images/variations", .form = "@image=PNG\nn=3\nsize=256x256",
	  .came = "{\"data\":[{\"url\":\"a\"},{\"url\":\"b\"},{\"url\":\"c\"}]}", .expect = "> - image_256x256=3" },
	{ .name = "a size that is none", .host = OPENAI, .path = PICTURES, .asked = "{\"model\":\"dall-e-2\",\"size\":\"99999999999x1\"}",
	  .came = "{\"data\":[{\"url\":\"a\"}]}", .expect = "dall-e-2> - image_1024x1024=1" },
	{ .name = "a usage that is a cost alone counts no pictures", .host = "api.x.ai", .path = PICTURES, .asked = "{\"model\":\"grok-2-image\",\"n\":2}",
	  .came = "{\"data\":[{\"url\":\"a\"},{\"url\":\"b\"}],\"usage\":{\"cost_in_usd_ticks\":1400000000}}", .expect = "grok-2-image> - image=2" },
	{ .name = "another's pictures have one price", .host = "api.x.ai", .path = PICTURES, .asked = "{\"model\":\"grok-2-image\",\"n\":2}",
	  .came = "{\"data\":[{\"url\":\"a\"},{\"url\":\"b\"}]}", .expect = "grok-2-image> - image=2" },
	{ .name = "refused", .host = OPENAI, .path = PICTURES, .asked = "{\"model\":\"dall-e-3\"}", .status = 400,
	  .came = "{\"error\":{\"code\":\"content_policy_violation\",\"type\":\"image_generation_user_error\",\"message\":\"m\"}}",
	  .expect = "dall-e-3> - error=image_generation_user_error" },
	{ .name = "a deployment whose model a header names", .host = "x.openai.azure.com", .path = "/openai/deployments/pictures/images/generations",
	  .asked = "{\"prompt\":\"a\",\"size\":\"1792x1024\"}", .headers = "x-ms-served-model: dall-e-3",
	  .came = "{\"data\":[{\"url\":\"u\"}]}", .expect = "pictures>dall-e-3 - image_1792x1024=1" },
	{ .name = "a deployment's", .host = "x.openai.azure.com", .path = "/openai/deployments/dalle3/images/generations", .asked = "{\"prompt\":\"a\"}",
	  .came = "{\"data\":[{\"url\":\"u\"}]}", .expect = "dalle3> - image=1" },

	/* what was heard */
	{ .name = "the model is a field of the form", .host = OPENAI, .path = "/v1/audio/transcriptions", .form = "@file=RIFF|{\"model\":\"no\"}\nmodel=whisper-1\nresponse_format=verbose_json",
	  .came = "{\"task\":\"transcribe\",\"duration\":3.27,\"text\":\"a\",\"segments\":[{\"id\":0}]}", .expect = "whisper-1> - second=3.270" },
	{ .name = "seconds that are told as usage", .host = OPENAI, .path = "/v1/audio/transcriptions", .form = "model=whisper-1\n@file=RIFF",
	  .came = "{\"text\":\"a\",\"usage\":{\"type\":\"duration\",\"seconds\":4}}", .expect = "whisper-1> - second=4" },
	{ .name = "tokens", .host = OPENAI, .path = "/v1/audio/transcriptions", .form = "model=gpt-4o-transcribe\n@file=RIFF",
	  .came = "{\"text\":\"a\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,\"input_token_details\":{\"text_tokens\":4,\"audio_tokens\":10},\"output_tokens\":45,\"total_tokens\":59}}",
	  .expect = "gpt-4o-transcribe> - input=14 output=45 audio_input=10" },
	{ .name = "nothing is told", .host = OPENAI, .path = "/v1/audio/translations", .form = "model=whisper-1\n@file=RIFF", .came = "{\"text\":\"a\"}", .expect = "whisper-1> -" },
	{ .name = "Mistral's audio beside its tokens", .host = "api.mistral.ai", .path = "/v1/audio/transcriptions", .form = "model=voxtral-mini-latest\n@file=RIFF",
	  .came = "{\"model\":\"voxtral-mini-2507\",\"text\":\"a\",\"usage\":{\"prompt_audio_seconds\":203,\"prompt_tokens\":4,\"total_tokens\":3264,\"completion_tokens\":635}}",
	  .expect = "voxtral-mini-latest>voxtral-mini-2507 - input=4 output=635 second=203" },

	/* what was spoken */
	{ .name = "characters, not bytes", .host = OPENAI, .path = "/v1/audio/speech", .asked = "{\"model\":\"tts-1\",\"voice\":\"alloy\",\"input\":\"h\\u00e9llo \xe4\xb8\x96\xe7\x95\x8c \\ud83d\\ude00\"}",
	  .came = "ID3", .expect = "tts-1> - character=10" },
	{ .name = "an event counts the tokens", .host = OPENAI, .path = "/v1/audio/speech", .asked = "{\"model\":\"gpt-4o-mini-tts\",\"input\":\"hello\",\"stream_format\":\"sse\"}", .kind = ITEM_EVENT,
	  .came = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}\n\n"
		  "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":14,\"output_tokens\":101,\"total_tokens\":115}}\n\n",
	  .expect = "gpt-4o-mini-tts> - input=14 output=101" },
	{ .name = "nothing was spoken", .host = OPENAI, .path = "/v1/audio/speech", .asked = "{\"model\":\"tts-1\",\"input\":\"hello\"}", .status = 429,
	  .came = "{\"error\":{\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}", .expect = "tts-1> - error=requests" },

	/* films */
	{ .name = "a film by the second", .host = OPENAI, .path = "/v1/videos", .asked = "{\"model\":\"sora-2\",\"prompt\":\"a\",\"seconds\":\"8\",\"size\":\"1280x720\"}",
	  .came = "{\"id\":\"video_1\",\"object\":\"video\",\"model\":\"sora-2\",\"status\":\"queued\",\"progress\":0,\"seconds\":\"8\",\"size\":\"1280x720\"}",
	  .expect = "sora-2>sora-2 video_1 second=8" },
	{ .name = "a larger one, in a form", .host = OPENAI, .path = "/v1/videos", .form = "model=sora-2-pro\nprompt=a\nseconds=12\nsize=1024x1792\n@input_reference=PNG",
	  .came = "{\"id\":\"video_1\",\"object\":\"video\",\"model\":\"sora-2-pro\",\"status\":\"queued\"}", .expect = "sora-2-pro>sora-2-pro video_1 second_1792x1024=12" },
	{ .name = "four seconds where nothing is said", .host = OPENAI, .path = "/v1/videos", .asked = "{\"prompt\":\"a\"}",
	  .came = "{\"id\":\"video_1\",\"object\":\"video\",\"model\":\"sora-2\"}", .expect = ">sora-2 video_1 second=4" },
	{ .name = "made again from another", .host = OPENAI, .path = "/v1/videos/video_0/remix", .asked = "{\"prompt\":\"b\"}",
	  .came = "{\"id\":\"video_1\",\"object\":\"video\",\"model\":\"sora-2\",\"seconds\":\"8\",\"remixed_from_video_id\":\"video_0\"}", .expect = ">sora-2 video_1 second=8" },
	{ .name = "looking at it makes no other", .host = OPENAI, .path = "/v1/videos/video_1",
	  .came = "{\"id\":\"video_1\",\"object\":\"video\",\"model\":\"sora-2\",\"status\":\"completed\",\"seconds\":\"8\"}", .expect = ">sora-2 -" },
	{ .name = "it was refused", .host = OPENAI, .path = "/v1/videos", .asked = "{\"model\":\"sora-2\"}", .status = 400,
	  .came = "{\"error\":{\"type\":\"invalid_request_error\"}}", .expect = "sora-2> - error=invalid_request_error" },

	/* pages */
	{ .name = "pages read", .host = "api.mistral.ai", .path = "/v1/ocr", .asked = "{\"model\":\"mistral-ocr-latest\",\"document\":{\"type\":\"document_url\"}}",
	  .came = "{\"pages\":[{\"index\":0}],\"model\":\"mistral-ocr-2505\",\"usage_info\":{\"pages_processed\":29,\"doc_size_bytes\":null}}",
	  .expect = "mistral-ocr-latest>mistral-ocr-2505 - page=29" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages) };

	return RUN(tests);
}
